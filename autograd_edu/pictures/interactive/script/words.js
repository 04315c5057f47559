// What the stepper says.

const FIXED = "its condition is a plain number, as a > b is";

function makeWords(graph) {
  const { nodes, wires, into, top, inputs, isLeaf } = graph;
  const name = i => nodes[i].name, wire = w => wires[w];
  const isName = text => /^[\p{L}\p{M}\p{N}_′']+$/u.test(text);
  const inBrackets = i => isName(name(i)) ? name(i) : `(${name(i)})`; // a label may be a formula
  const by = i => `∂${inBrackets(top)}/∂${inBrackets(i)}`;
  const equation = i => `${name(i)} = ${nodes[i].formula}`;

  function ofStart({ gradients }) {
    const others = gradients.some(gradient => gradient !== null);
    const text = "the leaves are known, and nothing else";
    return [text, others ? ["These steps are one pass from gradients of zero."] : []];
  }

  function ofStep(step, pass) {
    const i = step.node, { run } = pass;
    if (step.kind === "forward") return [computed(i, run.values), locals(i, run)];
    if (step.kind === "seed") return [`the backward pass begins with ${by(top)} = 1`, []];
    if (!step.gives.length) return [`${name(i)} has no operand that takes a gradient`, []];
    const lines = step.gives.flatMap(part => [received(part, step, run), ...summed(part, pass)]);
    return [`${name(i)} gives its gradient times each local gradient`, lines];
  }

  function computed(i, values) {
    const filled = graph.fill(i, tail => bracketed(values[tail]));
    const numbers = filled.replace(/\((\([^()]*\))\)/g, "$1"); // exp((-1)) is exp(-1)
    return `${equation(i)} = ${numbers} = ${short(values[i])}`;
  }

  function locals(i, run, number = short) {
    return into[i].filter(w => wires[w].slope).map(w => {
      const { slope, tail } = wires[w], local = number(run.locals[w]);
      const value = slope === local ? local : `${slope} = ${local}`;
      return `local gradient ∂${inBrackets(i)}/∂${inBrackets(tail)} = ${value}`;
    });
  }

  function received({ wire: w, to, share, before, after }, step, run) {
    const { slope } = wires[w], few = slope.length <= 24;
    const symbols = few ? `${factor(slope)} · ${by(step.node)} = ` : "";
    const numbers = `${bracketed(run.locals[w])} · ${bracketed(step.upstream)} = ${short(share)}`;
    if (before === null) return `${by(to)} = ${symbols}${numbers}`;
    const sum = `${short(before)} + ${bracketed(share)} = ${short(after)}`;
    return `${by(to)} += ${symbols}${numbers}, so now ${sum}`;
  }

  const isAtom = text => /^[^-+ ]*$|^\w+\([^()]*\)$/.test(text);
  const factor = text => isAtom(text) ? text : `(${text})`;

  // After the last of several shares.
  function summed({ to, terms }, pass) {
    if (terms.length < 2 || terms.length < pass.uses[to]) return [];
    return [`${by(to)} is the sum over ${terms.length} uses: ${ledger(terms, pass.gradients[to])}`];
  }

  function ledger(terms, sum) {
    const shown = terms.map((term, k) => k ? bracketed(term) : short(term));
    const few = shown.length > 6 ? [...shown.slice(0, 3), "…", shown.at(-1)] : shown;
    return `${few.join(" + ")} = ${short(sum)}`;
  }

  function term(w, { locals: found, gradients }) {
    const { head } = wires[w];
    return `${bracketed(found[w])} × ${bracketed(gradients[head])} (through ${name(head)})`;
  }

  function ofNow(now) {
    const result = `Now: ${name(top)} = ${short(now.run.values[top])}`, count = now.passesHeld();
    if (!graph.work) return [`${result}.`, []];
    if (now.nudge) return ofNudge(now);
    if (count === 0) return [`${result}. The leaves hold no gradients; press Backward.`, []];
    if (count === 1 && now.fresh) return [`${result}, and the gradients of one backward pass.`, []];
    return [`${result}. ${stale(now, count)}`, inputs.slice(0, 4).flatMap(i => heldBy(i, now))];
  }

  function stale(now, count) {
    if (count > 1 && now.fresh) {
      return `The leaves hold ${count} times the gradient: it was not cleared between the passes.`;
    }
    if (!now.fresh && !(now.stepped <= 1)) {
      const several = now.stepped || "several";
      return `The step went along the sum of ${several} gradients, not along one.`;
    }
    if (!now.fresh) return "The values have moved; the gradients are those of the point before.";
    return "The leaves hold gradients of several passes: they were not cleared between them.";
  }

  function heldBy(i, now) {
    const one = now.pass()[i], given = now.given.get(i);
    if (one === null || !given) return [];
    const held = given.length > 1 ? ledger(given, now.gradients[i]) : short(now.gradients[i]);
    return [`${name(i)} holds ${held}; one pass gives ${short(one)}`];
  }

  function ofNudge({ nudge, run }) {
    const { leaf, from, slope } = nudge, h = run.values[leaf] - from.values[leaf];
    const actual = run.values[top] - from.values[top], predicted = slope * h;
    if (!Number.isFinite(actual)) return [undefinedIn(run), []];
    const flips = graph.flipped(from, run);
    const product = `${bracketed(slope)} · ${bracketed(h)} = ${short(predicted)}`;
    return [
      `${name(leaf)} ${change(h)} → ${name(top)} predicted ${change(predicted)}, ` +
        `actual ${change(actual)}`,
      [`predicted: ${by(leaf)} · ${bracketed(h)} = ${product}`, ofGap(actual, predicted, flips),
       ...flips.map(i => `${equation(i)} has flipped: it takes another branch`),
       ...nodes.flatMap(({ fixed }, i) => fixed ? [`${equation(i)} cannot flip: ${FIXED}`] : [])],
    ];
  }

  function ofGap(actual, predicted, flips) {
    const gap = actual - predicted, size = Math.max(Math.abs(actual), Math.abs(predicted));
    const straight = Math.abs(gap) <= 1e-9 * size;
    if (straight) return `no gap: along this leaf, ${name(top)} is a straight line`;
    return `the gap of ${short(gap)} ${flips.length ? "comes from the flip" : "is the curvature"}`;
  }

  function undefinedIn(run) {
    const i = nodes.findIndex((_, j) => !Number.isFinite(run.values[j]));
    return `${computed(i, run.values)}: not a finite number. The engine would raise an error here.`;
  }

  function ofHistory(history) {
    if (history.length < 2) return "";
    const few = history.slice(-8).map(short), more = history.length > 8 ? "… → " : "";
    return `${name(top)} after each step: ${more}${few.join(" → ")}`;
  }

  function ofMismatch(i) {
    const held = `${name(i)} holds ${short(graph.recorded.values[i])}`;
    return `${held}, and ${nodes[i].formula} is another number now`;
  }

  return {
    by, wire, equation, locals, ledger, term, ofStart, ofStep, ofNow, ofHistory, ofMismatch,
  };
}
