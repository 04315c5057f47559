// The second picture: every unit as a small map of what it gives, and the weights between them.

const SMALL_GRID = 20;

function makeUnits(canvas, { sizes, view, largest }) {
  const { context, width, height } = paperOf(canvas), grid = gridOf(SMALL_GRID, view);
  const side = Math.min(28, height / Math.max(...sizes) - 3);
  const place = (layer, k) => [
    side + (width - 2 * side) * layer / (sizes.length - 1), height * (k + 0.5) / sizes[layer],
  ];

  function show(layers, dark) {
    context.clearRect(0, 0, width, height);
    layers.forEach(({ neurons }, layer) => neurons.forEach((neuron, k) => {
      neuron.weights.forEach((weight, j) => wire(place(layer, j), place(layer + 1, k), weight));
    }));
    ["x₁", "x₂"].forEach((name, k) => input(name, place(0, k), dark));
    unitsAt(grid, layers).forEach((units, layer) => units.forEach((values, k) => {
      const shares = values.map(value => value / (largest.units[layer] || 1));
      map(imageOf(shares, SMALL_GRID, dark), place(layer + 1, k), dark);
    }));
  }

  // As wide as the weight is large, on one scale for the whole run; the colour is its sign.
  function wire([x, y], [to, row], weight) {
    const share = Math.abs(weight) / largest.weight;
    if (share < 0.02) return;
    context.strokeStyle = `rgb(${weight < 0 ? BLUE : ORANGE})`;
    context.lineWidth = 3 * share;
    context.beginPath();
    context.moveTo(x + side / 2, y);
    context.lineTo(to - side / 2, row);
    context.stroke();
  }

  function map(image, [x, y], dark) {
    context.drawImage(image, x - side / 2, y - side / 2, side, side);
    context.strokeStyle = dark ? "#9aa3ad" : "#4a525c";
    context.lineWidth = 1;
    context.strokeRect(x - side / 2, y - side / 2, side, side);
  }

  function input(name, [x, y], dark) {
    context.fillStyle = dark ? "#fff" : "#000";
    context.font = "14px system-ui, sans-serif";
    context.fillText(name, x - side / 2, y + 5);
  }

  return { show };
}

// The largest weight of the run, and the largest output of each layer: one scale for all frames.
function largestOf(frames, sizes, view) {
  const grid = gridOf(8, view), found = { weight: 0, units: sizes.slice(1).map(() => 0) };
  const size = (most, numbers) => numbers.reduce((m, x) => Math.max(m, Math.abs(x)), most);
  for (const layers of frames) {
    const weights = layers.flatMap(({ neurons }) => neurons.map(neuron => neuron.weights));
    found.weight = weights.reduce(size, found.weight);
    unitsAt(grid, layers).forEach((units, k) => {
      found.units[k] = units.reduce(size, found.units[k]);
    });
  }
  return found;
}
