// The pass from one weight to the loss, as a stepper: a picture made for its layer, with the
// numbers of this epoch, this sample and this weight.

function openSteps(host, { k, j, i }, content, layers, pass) {
  const { image, told, roles, code } = content.steps[k];
  const rows = operations[code](), { makeGraph, startStepper } = stepperWith(rows);
  const filled = structuredClone(told), graph = makeGraph(filled, rows);
  const numbers = roles.map(role => numberOf(role, { k, j, i }, content, layers, pass));
  const leaves = filled.nodes.map((_, n) => graph.isLeaf(n) ? numbers.shift() : 0);
  leaves.forEach((number, n) => { if (number === undefined) leaves[n] = told.values[n]; });
  const run = graph.forward(leaves), { gradients } = graph.backward(run);
  Object.assign(filled, { values: run.values, held: gradients, opens: "now" });
  filled.wires.forEach((wire, w) => { wire[2] = run.locals[w]; });
  host.innerHTML = `<div class="autograd-stepper" role="group"><style>${stepperStyle}</style>${image}</div>`;
  const root = host.firstElementChild, script = document.createElement("script");
  script.type = "application/json";
  script.textContent = JSON.stringify(filled, writeNumber);
  root.setAttribute("aria-label", root.querySelector("img").alt);
  root.append(script);
  startStepper(root);
  const at = [...filled.nodes.keys()].filter(graph.isLeaf)[roles.findIndex(([what]) => what === "w")];
  centre(root.querySelector("[data-part=picture]"), root.querySelectorAll(".card")[at]);
}

// Scroll `within` until `card` is in its middle.
function centre(within, card) {
  const [a, b] = [within, card].map(element => element.getBoundingClientRect());
  within.scrollLeft += b.x + b.width / 2 - a.x - a.width / 2;
  within.scrollTop += b.y + b.height / 2 - a.y - a.height / 2;
}

// JSON has no infinities: they are written as the stepper reads them.
function writeNumber(_, x) {
  const words = { Infinity: "inf", "-Infinity": "-inf", NaN: "nan" };
  return typeof x === "number" && !Number.isFinite(x) ? [words[x]] : x;
}

// The number of a leaf; undefined for a constant.
function numberOf([what, a, b, c], { k, j, i }, { targets, at }, layers, pass) {
  const here = layers[k].neurons[j], x = pass.layers[k].inputs;
  switch (what) {
    case "w": return here.weights[i];
    case "x": return x[i];
    case "rest": return pass.layers[k].z[j] - here.weights[i] * x[i];
    case "weight": return layers[a].neurons[b].weights[a === k + 1 ? j : c];
    case "later": return a === k + 1
      ? pass.layers[a].z[b] - layers[a].neurons[b].weights[j] * pass.layers[k].h[j]
      : layers[a].neurons[b].bias;
    case "output": return pass.outputs.filter((_, n) => n !== j)[a];
    case "target": return [targets[at]].flat()[whose(a, k, j, layers)];
  }
}

// In the last layer, the unit of the weight is the first output of the picture.
function whose(n, k, j, layers) {
  if (k < layers.length - 1) return n;
  return n === 0 ? j : n <= j ? n - 1 : n;
}
