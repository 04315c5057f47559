// Data that have no plane: which classes are taken for which, or predictions beside targets.

function makeTable(canvas, content) {
  return content.classes ? makeConfusion(canvas, content) : makeScatter(canvas, content);
}

// A cell for each pair of a right class and a class that the network says.
function makeConfusion(canvas, { columns, labels, classes, threshold }) {
  const { context, width, height } = paperOf(canvas), edge = 40;
  const [wide, high] = [(width - edge - 4) / classes, (height - edge - 4) / classes];
  const largest = Math.max(...labels.map(label => labels.filter(x => x === label).length));
  let cells = [];

  function show(layers, { dark, chosen }) {
    const outputs = outputsAt(columns, layers);
    const answers = labels.map((_, i) => said(outputs, i, threshold));
    cells = labels.map((label, i) => label * classes + answers[i]);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    for (let row = 0; row < classes; row++) {
      for (let column = 0; column < classes; column++) cell(row, column, dark);
      written(row, edge - 10, edge + (row + 0.5) * high + 4, ink(dark));
      written(row, edge + (row + 0.5) * wide, edge - 6, ink(dark));
    }
    written("the network says →", edge + (width - edge) / 2, 14, ink(dark));
    context.save();
    context.rotate(-Math.PI / 2);
    written("← right class", -edge - (height - edge) / 2, 14, ink(dark));
    context.restore();
    frame(labels[chosen], answers[chosen], dark);
  }

  function cell(row, column, dark) {
    const count = cells.filter(place => place === row * classes + column).length;
    const share = (row === column ? 1 : -1) * Math.sqrt(count / largest);
    const [u, v] = [edge + column * wide, edge + row * high];
    context.fillStyle = `rgb(${colour(0.75 * share, dark)})`;
    context.fillRect(u + 0.5, v + 0.5, wide - 1, high - 1);
    if (count) written(count, u + wide / 2, v + high / 2 + 4, ink(dark));
  }

  function frame(row, column, dark) {
    context.strokeStyle = ink(dark);
    context.lineWidth = 2.5;
    context.strokeRect(edge + column * wide + 1, edge + row * high + 1, wide - 2, high - 2);
  }

  function written(text, x, y, style) {
    context.fillStyle = style;
    context.fillText(text, x, y);
  }

  // The next sample of the cell at this place, after `chosen`.
  function pick(u, v, chosen) {
    const [column, row] = [(u * width - edge) / wide, (v * height - edge) / high].map(Math.floor);
    if (row < 0 || column < 0) return chosen;
    const wanted = row * classes + column, next = cells.indexOf(wanted, chosen + 1);
    const found = next < 0 ? cells.indexOf(wanted) : next;
    return found < 0 ? chosen : found;
  }

  return { show, pick };
}

// A point for each target, at the height of its prediction. On the diagonal they are equal.
function makeScatter(canvas, { columns, targets, view }) {
  const { context, width, height } = paperOf(canvas), all = targets.map(t => [t].flat());
  const part = y => (y - view.bottom) / (view.top - view.bottom);
  let points = [];

  function show(layers, { dark, chosen }) {
    const outputs = outputsAt(columns, layers);
    const place = (t, k, i) => [part(t) * width, (1 - part(outputs[k][i])) * height];
    points = all.map((ts, i) => ts.map((t, k) => place(t, k, i)));
    context.clearRect(0, 0, width, height);
    stroke(context, [[0, height], [width, 0]], ink(dark), 1, [4, 3]);
    points.forEach((ofSample, i) => ofSample.forEach(([u, v]) => {
      context.fillStyle = `rgb(${i === chosen ? NEGATIVE : POSITIVE})`;
      context.fillRect(u - 3, v - 3, 6, 6);
    }));
    context.fillStyle = ink(dark);
    context.font = "12px system-ui, sans-serif";
    context.fillText("prediction ↑", 6, 16);
    context.fillText("target →", width - 60, height - 8);
  }

  return { show, pick: (u, v) => nearest(points.map(([first]) => first), [u * width, v * height]) };
}
