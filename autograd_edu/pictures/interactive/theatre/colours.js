// Two colours for two signs, paler towards zero, on white or on black.

const BLUE = [42, 111, 178], ORANGE = [214, 106, 31];

// `share` is between -1 and 1.
function colour(share, dark) {
  const to = share < 0 ? BLUE : ORANGE, paper = dark ? 22 : 255;
  const size = Math.min(Math.abs(share), 1);
  return to.map(part => Math.round(paper + (part - paper) * size));
}

// A canvas to draw on, with two of its own pixels to one of ours.
function paperOf(canvas) {
  const context = canvas.getContext("2d"), { width, height } = canvas;
  Object.assign(canvas, { width: 2 * width, height: 2 * height });
  context.scale(2, 2);
  return { context, width, height };
}

// An n × n image of shares, as a canvas.
function imageOf(shares, n, dark) {
  const canvas = Object.assign(document.createElement("canvas"), { width: n, height: n });
  const image = new ImageData(n, n);
  shares.forEach((share, i) => image.data.set([...colour(share, dark), 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
