// The network, computed for many points at once, and for one sample with its gradients.

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
    found.push(neurons.map(neuron => unit(neuron, before, activation.value)));
  }
  return found.slice(1);
}

// The same, kept for the next time that the reader comes by; `outputsAt` keeps the last layer alone.
const kept = new WeakMap();
function keep(inputs, layers, what) {
  if (!kept.has(layers)) kept.set(layers, new Map());
  const found = kept.get(layers);
  if (!found.has(inputs)) found.set(inputs, what(unitsAt(inputs, layers)));
  return found.get(inputs);
}
const mapsAt = (inputs, layers) => keep(inputs, layers, units => units);
const outputsAt = (inputs, layers) => keep(inputs, layers, units => units.at(-1));

function unit({ weights, bias }, before, value) {
  const z = new Float64Array(before[0].length).fill(bias);
  weights.forEach((weight, k) => {
    const column = before[k];
    for (let i = 0; i < z.length; i++) z[i] += weight * column[i];
  });
  for (let i = 0; i < z.length; i++) z[i] = value(z[i]);
  return z;
}

// Both passes for one sample: for each layer its inputs, sums z, outputs h, and the gradients of
// z and of h with respect to the loss of this sample.
function passOf(x, target, layers) {
  const pass = layers.map(({ neurons, activation }) => {
    const inputs = x, z = neurons.map(({ weights, bias }) => {
      return weights.reduce((total, weight, i) => total + weight * inputs[i], bias);
    });
    x = z.map(each => activation.value(each));
    return { inputs, z, h: x, slopes: z.map((each, j) => activation.locals(x[j], each)[0]) };
  });
  const loss = lossOf(x.length > 1 ? x : x[0], target);
  let gradH = [loss.inputs[0]].flat();
  for (let k = layers.length - 1; k >= 0; k--) {
    const step = pass[k], gradZ = gradH.map((g, j) => g * step.slopes[j]);
    Object.assign(step, { gradH, gradZ });
    const back = i => gradZ.reduce((t, g, j) => t + g * layers[k].neurons[j].weights[i], 0);
    gradH = Array.from(step.inputs, (_, i) => back(i));
  }
  return { layers: pass, outputs: x, loss: loss.value };
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

// The columns of n points on a line.
function lineOf(n, { left, right }) {
  return [Float64Array.from({ length: n }, (_, i) => left + (right - left) * i / (n - 1))];
}

// The class that the network says, from its outputs for point i.
function said(outputs, i, threshold) {
  if (outputs.length === 1) return outputs[0][i] > threshold ? 1 : 0;
  return outputs.reduce((best, column, k) => column[i] > outputs[best][i] ? k : best, 0);
}
