// Two colours for two signs, paler towards zero, on white or on black; and colours for classes.

const POSITIVE = [47, 111, 159], NEGATIVE = [194, 65, 12]; // blue and orange
const CLASSES = [ // as in the plots: the first two are those of negative and positive scores
  NEGATIVE, POSITIVE, [0, 158, 115], [230, 184, 0], [123, 44, 191], [204, 121, 167],
  [86, 180, 233], [138, 90, 0], [91, 100, 112], [28, 31, 36],
];

// `share` is between -1 and 1.
const colour = (share, dark) => mixed(share < 0 ? NEGATIVE : POSITIVE, Math.abs(share), dark);

function mixed(to, share, dark) {
  const paper = dark ? 22 : 255, size = Math.min(share, 1);
  return to.map(part => Math.round(paper + (part - paper) * size));
}

const ofClass = label => CLASSES[label % CLASSES.length];
const ink = dark => dark ? "#e8eaed" : "#1c1f24";

// A canvas to draw on, with two of its own pixels to one of ours.
function paperOf(canvas) {
  const context = canvas.getContext("2d"), { width, height } = canvas;
  Object.assign(canvas, { width: 2 * width, height: 2 * height });
  context.scale(2, 2);
  return { context, width, height };
}

// An n × n image of colours, as a canvas.
function imageOf(colours, n) {
  const canvas = Object.assign(document.createElement("canvas"), { width: n, height: n });
  const image = new ImageData(n, n);
  colours.forEach((rgb, i) => image.data.set([...rgb, 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// The same for numbers with signs, in shares of the largest.
function signs(numbers, largest, n, dark) {
  return imageOf(Array.from(numbers, x => colour(x / (largest || 1), dark)), n);
}

function stroke(context, ends, style, width, dashes = []) {
  context.strokeStyle = style;
  context.lineWidth = width;
  context.setLineDash(dashes);
  context.beginPath();
  ends.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](x, y));
  context.stroke();
  context.setLineDash([]);
}
