// The network, computed for many points at once.

// Layers of weights and biases from the parameters of one frame, neuron after neuron.
function layersOf(parameters, sizes) {
  let at = 0;
  const take = count => parameters.subarray(at, at += count);
  return sizes.slice(1).map((fanOut, k) => {
    const neuron = () => ({ weights: take(sizes[k]), bias: take(1)[0] });
    return { neurons: Array.from({ length: fanOut }, neuron), activation: activations[k] };
  });
}

// What every unit gives at every point: [layer][unit][point]. `inputs` are columns of numbers.
function unitsAt(inputs, layers) {
  const found = [inputs];
  for (const { neurons, activation } of layers) {
    const before = found.at(-1);
    found.push(neurons.map(neuron => unit(neuron, before, activation)));
  }
  return found.slice(1);
}

function unit({ weights, bias }, before, activation) {
  const z = new Float64Array(before[0].length).fill(bias);
  weights.forEach((weight, k) => {
    const column = before[k];
    for (let i = 0; i < z.length; i++) z[i] += weight * column[i];
  });
  return z.map(activation);
}

// The columns of a grid of n × n points, from the upper left corner, row by row.
function gridOf(n, { left, right, top, bottom }) {
  const part = k => (k + 0.5) / n, x = new Float64Array(n * n), y = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) {
    x[i] = left + (right - left) * part(i % n);
    y[i] = top + (bottom - top) * part(Math.floor(i / n));
  }
  return [x, y];
}
