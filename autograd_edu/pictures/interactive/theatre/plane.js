// The data on a plane: what the network says everywhere, and where it changes its mind.

const GRID = 52;

function makePlane(canvas, { xs, labels, view, threshold }) {
  const { context, width, height } = paperOf(canvas), grid = gridOf(GRID, view);
  const across = x => (x - view.left) / (view.right - view.left) * width;
  const down = y => (y - view.top) / (view.bottom - view.top) * height;
  const at = ([x, y]) => [across(x), down(y)];

  function show(layers, { dark, chosen }) {
    const outputs = outputsAt(grid, layers);
    const kinds = outputs.length > 1 ? outputs.map((_, k) => k) : [1];
    context.drawImage(ground(outputs, dark), 0, 0, width, height);
    zeroLines(layers[0].neurons, dark);
    kinds.forEach(k => boundary(lead(outputs, k), dark));
    xs.forEach((x, i) => mark(at(x), labels[i], dark));
    ring(at(xs[chosen]), dark);
  }

  // How far the score of class k is above the threshold, or above those of all other classes.
  function lead(outputs, k) {
    if (outputs.length === 1) return outputs[0].map(score => score - threshold);
    const others = outputs.filter((_, j) => j !== k);
    return outputs[k].map((score, i) => score - Math.max(...others.map(column => column[i])));
  }

  function ground(outputs, dark) {
    if (outputs.length === 1) {
      return signs(lead(outputs, 1).map(far => 0.6 * Math.tanh(far)), 1, GRID, dark);
    }
    const leads = outputs.map((_, k) => lead(outputs, k));
    return imageOf(GRID, pixels => pixels.forEach((_, i) => {
      const k = said(outputs, i), share = 0.15 + 0.45 * Math.tanh(leads[k][i]);
      pixels[i] = shadesOf(ofClass(k), dark)[Math.round(share * (SHADES - 1))];
    }));
  }

  // Where each unit of the first layer is zero before its activation.
  function zeroLines(neurons, dark) {
    for (const { weights: [a, b], bias } of neurons) {
      const steep = Math.abs(b) < Math.abs(a), other = (s, t, u) => -(t * u + bias) / s;
      const ends = steep
        ? [view.top, view.bottom].map(y => [other(a, b, y), y])
        : [view.left, view.right].map(x => [x, other(b, a, x)]);
      stroke(context, ends.map(at), dark ? "#ffffff60" : "#00000050", 1);
    }
  }

  // A piece of the boundary in each cell of the grid whose corners differ in sign.
  function boundary(scores, dark) {
    context.strokeStyle = dark ? "#fff" : "#000";
    context.lineWidth = 2;
    context.beginPath();
    for (let row = 0; row + 1 < GRID; row++) {
      for (let column = 0; column + 1 < GRID; column++) {
        const corner = row * GRID + column, below = corner + GRID;
        const around = [corner, corner + 1, below + 1, below];
        const above = scores[corner] < 0;
        if (around.every(p => scores[p] < 0 === above)) continue;
        const ends = around.flatMap((p, k) => crossing(p, around[(k + 1) % 4], scores));
        context.moveTo(...at(ends[0]));
        context.lineTo(...at(ends[1]));
      }
    }
    context.stroke();
  }

  function crossing(p, q, scores) {
    if (scores[p] < 0 === scores[q] < 0) return [];
    const part = scores[p] / (scores[p] - scores[q]);
    return [[0, 1].map(axis => grid[axis][p] + part * (grid[axis][q] - grid[axis][p]))];
  }

  // Discs, squares and triangles: each class has a shape besides its colour.
  function mark([u, v], label, dark) {
    context.fillStyle = `rgb(${ofClass(label)})`;
    context.strokeStyle = dark ? "#fff" : "#000";
    context.lineWidth = 1;
    context.beginPath();
    if (label % 3 === 0) context.arc(u, v, 4, 0, 7);
    else if (label % 3 === 1) context.rect(u - 3.5, v - 3.5, 7, 7);
    else [[0, -5], [5, 4], [-5, 4]].forEach(([x, y]) => context.lineTo(u + x, v + y));
    context.closePath();
    context.fill();
    context.stroke();
  }

  function ring([u, v], dark) {
    context.strokeStyle = ink(dark);
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(u, v, 9, 0, 7);
    context.stroke();
  }

  // The sample that is nearest to a place on the canvas, whose sides are 1 long.
  const pick = (u, v) => nearest(xs.map(at), [u * width, v * height]);

  return { show, pick };
}

function nearest(places, [u, v]) {
  const far = places.map(([x, y]) => (x - u) ** 2 + (y - v) ** 2);
  return far.indexOf(Math.min(...far));
}
