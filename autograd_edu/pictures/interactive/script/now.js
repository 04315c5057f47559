// The values and gradients as a training loop sees them. As in the engine, leaves add up gradients
// until they are cleared; other nodes have the latest.

function makeNow(graph, held) {
  const { inputs, recorded, top, isLeaf } = graph;
  const now = { nudge: null };

  // As when the picture was drawn.
  now.reset = () => {
    now.run = recorded;
    now.gradients = [...held]; // null where there is none
    now.given = new Map(inputs.filter(i => held[i] !== null).map(i => [i, [held[i]]]));
    now.fresh = held[top] !== null; // whether the gradients between are those of these values
    now.history = [recorded.values[top]];
    now.stepped = 0; // how many passes' gradients the latest step went along, NaN if unknown
    now.nudge = null;
  };

  now.pass = () => graph.backward(now.run).gradients;

  now.zero = () => {
    for (const i of inputs) now.gradients[i] = null;
    now.given.clear();
    now.nudge = null;
  };

  now.backward = () => {
    const found = now.pass();
    found.forEach((gradient, i) => {
      if (!isLeaf(i)) now.gradients[i] = gradient;
      else if (gradient !== null) add(i, gradient);
    });
    now.fresh = true;
    now.nudge = null;
  };

  function add(i, gradient) {
    now.gradients[i] = now.gradients[i] === null ? gradient : now.gradients[i] + gradient;
    now.given.set(i, [...(now.given.get(i) || []), gradient]);
  }

  function compute(leaves) {
    now.run = graph.forward(leaves);
    graph.nodes.forEach((_, i) => { if (!isLeaf(i)) now.gradients[i] = null; });
    now.fresh = false;
  }

  now.step = (rate, moving) => {
    const leaves = [...now.run.values];
    for (const i of moving) leaves[i] -= rate * (now.gradients[i] ?? 0);
    const terms = Math.max(0, ...moving.map(i => now.given.get(i)?.length ?? 0));
    now.stepped = terms === 1 && now.fresh ? now.passesHeld() : terms;
    compute(leaves);
    now.history.push(now.run.values[top]);
    now.nudge = null;
  };

  // Move one leaf and run both passes there. Changes are told from where its moves began.
  now.move = (leaf, value) => {
    if (now.nudge?.leaf !== leaf) {
      const unit = unitAt(now.run.values[leaf]), slope = now.pass()[leaf] ?? 0;
      now.nudge = { leaf, from: now.run, slope, unit };
    }
    const leaves = [...now.run.values], nudge = now.nudge;
    leaves[leaf] = value;
    compute(leaves);
    now.zero();
    now.backward();
    now.nudge = nudge;
    now.history = [now.run.values[top]];
  };

  // How many passes here the leaves hold; NaN if theirs is another gradient. After a step, a sum may
  // be a multiple by accident (-16 - 3.2 is 6 times -3.2), so each term must be of this point.
  now.passesHeld = () => {
    const pass = now.pass(), reached = inputs.filter(i => pass[i] !== null);
    if (reached.every(i => now.gradients[i] === null)) return 0;
    const isHere = i => (now.given.get(i) ?? []).every(term => agree(term, pass[i]));
    if (now.history.length > 1 && !reached.every(isHere)) return NaN;
    const holds = n => reached.every(i => agree(now.gradients[i] ?? 0, n * pass[i]));
    return [1, 2, 3, 4, 5, 6, 7, 8, 9].find(holds) ?? NaN;
  };

  now.reset();
  return now;
}
