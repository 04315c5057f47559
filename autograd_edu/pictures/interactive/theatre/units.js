// The network: every unit as a small picture, and its weights, or their gradients, as lines.

const SMALL = 20; // of the grid of a small map
const MOST = 16; // units of a layer that are drawn

function makeUnits(canvas, content) {
  const { sizes, view, kind, side: pixels, largest, classes } = content;
  const { context, width, height } = paperOf(canvas);
  const shown = sizes.map((size, k) => k === 0 && pixels ? 1 : Math.min(size, MOST));
  const tall = height - (sizes.some((size, k) => size > shown[k]) ? 18 : 0);
  const side = Math.min(34, tall / Math.max(...shown) - 3);
  const grid = kind === "plane" ? gridOf(SMALL, view) : lineOf(40, view);
  const left = pixels ? 76 : 26 - side, room = classes > 2 ? 24 : 4;

  const place = (column, k) => [
    left + side / 2 + (width - left - side - room) * column / (sizes.length - 1),
    tall * (k + 0.5) / shown[column],
  ];

  function show(layers, { dark, pass, gradients, largestGradient, x }) {
    context.clearRect(0, 0, width, height);
    const most = gradients ? largestGradient : largest.weight;
    layers.forEach(({ neurons }, k) => neurons.slice(0, MOST).forEach((neuron, j) => {
      if (k === 0 && pixels) return;
      neuron.weights.subarray(0, MOST).forEach((weight, i) => {
        const number = gradients ? pass.layers[k].gradZ[j] * pass.layers[k].inputs[i] : weight;
        wire(place(k, i), place(k + 1, j), number / (most || 1));
      });
    }));
    inputs(x, dark);
    const outputs = kind === "table" ? null : mapsAt(grid, layers);
    layers.forEach((layer, k) => layer.neurons.slice(0, MOST).forEach((neuron, j) => {
      picture(place(k + 1, j), { k, j, neuron, outputs, pass, gradients, largestGradient, dark });
    }));
    more(dark);
  }

  // As wide as the number is large, on one scale for the whole run; the colour is its sign, and
  // a negative one is dashed.
  function wire([x, y], [to, row], share) {
    if (Math.abs(share) < 0.02) return;
    const ends = [[x + side / 2, y], [to - side / 2, row]];
    const dashes = share < 0 ? [5, 3] : [];
    stroke(context, ends, `rgb(${share < 0 ? NEGATIVE : POSITIVE})`, 3 * Math.abs(share), dashes);
  }

  function picture(at, { k, j, neuron, outputs, pass, gradients, largestGradient, dark }) {
    if (kind === "plane") map(signs(outputs[k][j], largest.units[k], SMALL, dark), at);
    else if (kind === "curve") curve(outputs[k][j], largest.units[k], at, dark);
    else if (k === 0 && pixels) {
      const [numbers, most] = gradients
        ? [pass.layers[0].inputs.map(x => pass.layers[0].gradZ[j] * x), largestGradient]
        : [neuron.weights, largest.pixels];
      map(signs(numbers, most, pixels, dark), at);
    } else map(signs([pass.layers[k].h[j]], largest.units[k], 1, dark), at);
    context.strokeStyle = dark ? "#9aa3ad" : "#4a525c";
    context.lineWidth = 1;
    context.strokeRect(at[0] - side / 2, at[1] - side / 2, side, side);
    if (classes > 2 && k === sizes.length - 2) label(j, at[0] + side / 2 + 6, at[1] + 4, dark);
  }

  function map(image, [x, y]) {
    context.imageSmoothingEnabled = kind === "plane";
    context.drawImage(image, x - side / 2, y - side / 2, side, side);
  }

  // The output of a unit over the input: its height on the scale of its layer.
  function curve(values, most, [x, y], dark) {
    const at = (value, i) => [
      x + side * (i / (values.length - 1) - 0.5), y - 0.47 * side * value / (most || 1),
    ];
    context.fillStyle = dark ? "#16191d" : "#fff";
    context.fillRect(x - side / 2, y - side / 2, side, side);
    stroke(context, [[x - side / 2, y], [x + side / 2, y]], dark ? "#ffffff60" : "#00000050", 0.7);
    stroke(context, Array.from(values, at), `rgb(${POSITIVE})`, 1.6);
  }

  function inputs(x, dark) {
    if (!pixels) {
      for (let k = 0; k < shown[0]; k++) {
        label(inputName(k, sizes[0]), 2, place(0, k)[1] + 5, dark);
      }
      return;
    }
    const size = 72, [, y] = place(0, 0);
    const grey = v => 0x10101 * Math.round(255 * Math.min(Math.max(v, 0), 1)) | 255 << 24;
    context.imageSmoothingEnabled = false;
    const image = imageOf(pixels, row => row.forEach((_, i) => { row[i] = grey(x[i]); }));
    context.drawImage(image, 0, y - 36, size, size);
    label("the sample", 4, y + 50, dark);
  }

  function more(dark) {
    sizes.forEach((size, k) => {
      if (k === 0 && pixels || size <= MOST) return;
      const [x] = place(k, 0);
      label(`+ ${size - MOST} more`, k ? x - side / 2 : 0, height - 1, dark);
    });
  }

  function label(text, x, y, dark) {
    context.fillStyle = ink(dark);
    context.font = "13px system-ui, sans-serif";
    context.fillText(text, x, y);
  }

  // A button over each unit, for the mouse and for keys.
  const buttons = sizes.slice(1).map((_, k) => Array.from({ length: shown[k + 1] }, (_, j) => {
    const [x, y] = place(k + 1, j), button = document.createElement("button");
    const edge = side + 2;
    Object.assign(button.style, {
      left: `${100 * (x - edge / 2) / width}%`, top: `${100 * (y - edge / 2) / height}%`,
      width: `${100 * edge / width}%`, height: `${100 * edge / height}%`,
    });
    button.type = "button";
    button.className = "unit";
    button.tabIndex = -1;
    button.setAttribute("aria-label", `Unit ${j + 1} of layer ${k + 1}`);
    return button;
  }));

  return { show, buttons };
}

// The largest numbers of the run, which give one scale for all frames.
function largestOf(frames, { sizes, view, kind, columns }) {
  const grid = kind === "plane" ? gridOf(8, view) : kind === "curve" ? lineOf(20, view)
    : columns.map(column => column.slice(0, 30));
  const found = { weight: 0, pixels: 0, units: sizes.slice(1).map(() => 0) };
  const size = (most, numbers) => numbers.reduce((m, x) => Math.max(m, Math.abs(x)), most);
  for (const layers of frames) {
    const weights = layers.map(({ neurons }) => neurons.map(neuron => neuron.weights));
    found.pixels = weights[0].reduce(size, found.pixels);
    found.weight = weights.flat().reduce(size, found.weight);
    unitsAt(grid, layers).forEach((units, k) => {
      found.units[k] = units.reduce(size, found.units[k]);
    });
  }
  return found;
}

// The largest gradient of a weight in one pass.
function gradientOf({ layers }) {
  const most = numbers => numbers.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  return Math.max(...layers.map(({ gradZ, inputs }) => most(gradZ) * most(inputs)));
}
