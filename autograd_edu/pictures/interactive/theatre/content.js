// What the page was given, made ready: layers of each frame, samples by row and by column.

function prepared(told) {
  const { sizes, epochs, parameters, classes } = told, count = sizes[0], numbers = numbersOf(told.xs);
  const xs = told.targets.map((_, i) => numbers.subarray(i * count, (i + 1) * count));
  const columns = Array.from({ length: count }, (_, k) => Float64Array.from(xs, x => x[k]));
  const frames = epochs.map((_, k) => layersOf(numbersOf(parameters[k]), sizes));
  const content = { ...told, xs, columns, frames };
  content.largest = largestOf(frames, content);
  return { ...content, ...(classes ? ofClasses(content) : ofNumbers(content)) };
}

// How well a network does, and what it says of one sample: for classes …
function ofClasses({ columns, labels, threshold }) {
  function score(layers) {
    const outputs = outputsAt(columns, layers);
    const right = labels.filter((label, i) => said(outputs, i, threshold) === label).length;
    return `${right} of ${labels.length} samples right`;
  }
  function about(i, { outputs, loss }) {
    const answer = said(Array.from(outputs, y => [y]), 0, threshold);
    const told = outputs.length > 1 ? "" : `output ${short(outputs[0])}, so `;
    const verdict = answer === labels[i] ? "right" : "wrong";
    return `class ${labels[i]}; the network: ${told}class ${answer} (${verdict}); its loss ${short(loss)}`;
  }
  return { score, about };
}

// … and for a regression.
function ofNumbers({ columns, targets }) {
  function score(layers) {
    const outputs = outputsAt(columns, layers);
    const errors = targets.flatMap((t, i) => [t].flat().map((each, k) => outputs[k][i] - each));
    const mean = errors.reduce((all, error) => all + Math.abs(error), 0) / errors.length;
    return `mean error ${short(mean)}`;
  }
  function about(i, { outputs, loss }) {
    const [target, output] = [[targets[i]].flat(), Array.from(outputs)].map(list => list.map(short));
    return `target ${target.join(", ")}; the network: ${output.join(", ")}; its loss ${short(loss)}`;
  }
  return { score, about };
}

// Numbers that Python wrote as bytes, in base 64.
function numbersOf({ bits, bytes }) {
  const text = Uint8Array.from(atob(bytes), character => character.charCodeAt(0));
  const Numbers = bits === 64 ? Float64Array : Float32Array;
  return Float64Array.from(new Numbers(text.buffer));
}

function short(x) {
  if (!Number.isFinite(x)) return String(x);
  return x === 0 || Math.abs(x) >= 1e-4 ? String(+x.toPrecision(4)) : x.toExponential(3);
}
