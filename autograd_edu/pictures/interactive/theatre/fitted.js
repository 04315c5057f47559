// The data as points over x, with the curve that the network has fitted.

const CURVE = 160;

function makeFitted(canvas, { xs, targets, view }) {
  const { context, width, height } = paperOf(canvas), line = lineOf(CURVE, view);
  const across = x => (x - view.left) / (view.right - view.left) * width;
  const down = y => (y - view.top) / (view.bottom - view.top) * height;
  const points = xs.map(([x], i) => [across(x), down(targets[i])]);

  function show(layers, { dark, chosen }) {
    context.clearRect(0, 0, width, height);
    axes(dark);
    for (const { weights: [w], bias } of layers[0].neurons) { // where a first unit is zero
      const u = across(-bias / w);
      stroke(context, [[u, 0], [u, height]], dark ? "#ffffff50" : "#00000038", 1);
    }
    points.forEach((point, i) => dot(point, i === chosen, dark));
    const fitted = outputsAt(line, layers)[0];
    const path = Array.from(line[0], (x, i) => [across(x), down(fitted[i])]);
    stroke(context, path, dark ? "#fff" : "#000", 2.5);
    const [x] = xs[chosen], y = unitsAt([[x]], layers).at(-1)[0][0];
    stroke(context, [points[chosen], [across(x), down(y)]], `rgb(${NEGATIVE})`, 2, [4, 3]);
  }

  function axes(dark) {
    const rule = dark ? "#ffffff80" : "#00000070";
    stroke(context, [[0, down(0)], [width, down(0)]], rule, 0.7, [2, 3]);
    context.fillStyle = ink(dark);
    context.font = "11px system-ui, sans-serif";
    context.fillText(`y = ${short(view.top)}`, 4, 12);
    context.fillText(`y = ${short(view.bottom)}`, 4, height - 16);
    context.fillText(`x = ${short(view.left)}`, 4, height - 4);
    const right = `x = ${short(view.right)}`;
    context.fillText(right, width - context.measureText(right).width - 4, height - 4);
  }

  function dot([u, v], chosen, dark) {
    context.fillStyle = `rgb(${POSITIVE})`;
    context.strokeStyle = ink(dark);
    context.lineWidth = chosen ? 2.5 : 0.6;
    context.beginPath();
    context.arc(u, v, chosen ? 6 : 3.5, 0, 7);
    context.fill();
    context.stroke();
  }

  return { show, pick: (u, v) => nearest(points, [u * width, v * height]) };
}
