// The first picture: the data, what the network says everywhere, and where it changes its mind.

const GRID = 52;

function makeScreen(canvas, { points, view, threshold }) {
  const { context, width, height } = paperOf(canvas), grid = gridOf(GRID, view);
  const across = x => (x - view.left) / (view.right - view.left) * width;
  const down = y => (y - view.top) / (view.bottom - view.top) * height;

  function show(layers, dark) {
    const scores = unitsAt(grid, layers).at(-1)[0].map(score => score - threshold);
    const shares = scores.map(score => 0.6 * Math.tanh(score));
    context.drawImage(imageOf(shares, GRID, dark), 0, 0, width, height);
    zeroLines(layers[0].neurons, dark);
    boundary(scores, dark);
    points.forEach(point => mark(point, dark));
  }

  // Where each unit of the first layer is zero before its activation.
  function zeroLines(neurons, dark) {
    context.strokeStyle = dark ? "#ffffff50" : "#00000040";
    context.lineWidth = 1;
    for (const { weights: [a, b], bias } of neurons) {
      const steep = Math.abs(b) < Math.abs(a), other = (s, t, u) => -(t * u + bias) / s;
      const ends = steep
        ? [view.top, view.bottom].map(y => [other(a, b, y), y])
        : [view.left, view.right].map(x => [x, other(b, a, x)]);
      stroke(ends);
    }
  }

  function stroke(ends) {
    context.beginPath();
    ends.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](across(x), down(y)));
    context.stroke();
  }

  // A piece of the boundary in each cell of the grid whose corners differ in sign.
  function boundary(scores, dark) {
    context.strokeStyle = dark ? "#fff" : "#000";
    context.lineWidth = 2;
    for (let row = 0; row + 1 < GRID; row++) {
      for (let column = 0; column + 1 < GRID; column++) {
        const corner = row * GRID + column, below = corner + GRID;
        const around = [corner, corner + 1, below + 1, below];
        const ends = around.flatMap((p, k) => crossing(p, around[(k + 1) % 4], scores));
        if (ends.length > 1) stroke(ends.slice(0, 2));
      }
    }
  }

  function crossing(p, q, scores) {
    if (scores[p] < 0 === scores[q] < 0) return [];
    const part = scores[p] / (scores[p] - scores[q]);
    return [[0, 1].map(axis => grid[axis][p] + part * (grid[axis][q] - grid[axis][p]))];
  }

  // One class as discs, the other as squares.
  function mark([x, y, label], dark) {
    const [u, v] = [across(x), down(y)];
    context.fillStyle = `rgb(${label ? ORANGE : BLUE})`;
    context.strokeStyle = dark ? "#fff" : "#000";
    context.lineWidth = 1;
    context.beginPath();
    if (label) context.rect(u - 3.5, v - 3.5, 7, 7);
    else context.arc(u, v, 4, 0, 7);
    context.fill();
    context.stroke();
  }

  return { show };
}
