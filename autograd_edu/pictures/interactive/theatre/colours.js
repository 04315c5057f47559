// Two colours for two signs, paler towards zero, on white or on black; and colours for classes.

const POSITIVE = [47, 111, 159], NEGATIVE = [194, 65, 12]; // blue and orange
const CLASSES = [ // as in the plots: the first two are those of negative and positive scores
  NEGATIVE, POSITIVE, [0, 158, 115], [230, 184, 0], [123, 44, 191], [204, 121, 167],
  [86, 180, 233], [138, 90, 0], [91, 100, 112], [28, 31, 36],
];

// A colour for a share between -1 and 1, as [r, g, b].
const colour = (share, dark) => mixed(share < 0 ? NEGATIVE : POSITIVE, Math.abs(share), dark);

function mixed(to, share, dark) {
  const paper = dark ? 22 : 255, size = Math.min(share, 1);
  return to.map(part => Math.round(paper + (part - paper) * size));
}

// The shades of a colour as pixels, from none of it to all of it.
const SHADES = 128, known = {};
function shadesOf(to, dark) {
  return known[to + dark] ??= Uint32Array.from({ length: SHADES }, (_, k) => {
    const [r, g, b] = mixed(to, k / (SHADES - 1), dark);
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
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

// An n × n image on a canvas, which the next image of that size takes over: draw it at once.
// `paint(pixels)` fills it.
const canvases = {};
function imageOf(n, paint) {
  const canvas = canvases[n] ??=
    Object.assign(document.createElement("canvas"), { width: n, height: n });
  const image = new ImageData(n, n);
  paint(new Uint32Array(image.data.buffer));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// The image of numbers with signs, in shares of the largest.
function signs(numbers, largest, n, dark) {
  const [plus, minus] = [POSITIVE, NEGATIVE].map(to => shadesOf(to, dark));
  const scale = (SHADES - 1) / (largest || 1);
  return imageOf(n, pixels => {
    for (let i = 0; i < pixels.length; i++) {
      const size = Math.min(Math.round(Math.abs(numbers[i]) * scale), SHADES - 1);
      pixels[i] = (numbers[i] < 0 ? minus : plus)[size];
    }
  });
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
