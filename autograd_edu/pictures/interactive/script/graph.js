// The graph and its two passes, as the engine computes them. `rows` are the operations, or null. A
// run is { values, locals }: one for each node, one for each wire.

function makeGraph(content, rows) {
  const { nodes, values } = content;
  const wires = content.wires.map(([tail, head, local, slope]) => ({ tail, head, local, slope }));
  const into = nodes.map(() => []), top = nodes.length - 1;
  wires.forEach((wire, w) => into[wire.head].push(w));
  const isLeaf = i => nodes[i].template === undefined;
  nodes.forEach((node, i) => {
    if (!isLeaf(i)) node.formula ??= fill(i, tail => nodes[tail].name);
  });

  // The formula of node i with a text for each operand.
  function fill(i, text) {
    return nodes[i].template.replace(/\{(\d+)\}/g, (_, slot) => text(wires[into[i][slot]].tail));
  }

  const isInput = i => isLeaf(i) && !nodes[i].constant;
  const inputs = nodes.map((_, i) => i).filter(isInput);
  const recorded = { values, locals: wires.map(wire => wire.local) };
  const operands = (i, values) => into[i].map(w => values[wires[w].tail]);

  function forward(leaves) {
    const run = { values: [...leaves], locals: wires.map(() => 0) };
    nodes.forEach((node, i) => {
      if (isLeaf(i)) return;
      const xs = operands(i, run.values), { value, locals } = rows[node.row];
      run.values[i] = value(...xs);
      locals(run.values[i], ...xs).forEach((local, slot) => { run.locals[into[i][slot]] = local; });
    });
    return run;
  }

  // The wires on which node i gives gradient.
  function giving(i, locals) {
    const selected = w => !nodes[i].selects || locals[w] !== 0;
    return into[i].filter(w => !nodes[wires[w].tail].constant && selected(w));
  }

  function backward({ locals }) {
    const gradients = nodes.map(() => null), given = nodes.map(() => []), steps = [];
    gradients[top] = 1;
    for (let i = top; i >= 0; i--) {
      if (isLeaf(i) || gradients[i] === null) continue;
      const gives = giving(i, locals).map(w => give(w, locals[w] * gradients[i], gradients, given));
      steps.push({ kind: "backward", node: i, upstream: gradients[i], gives });
    }
    return { gradients, steps, given };
  }

  function give(w, share, gradients, given) {
    const to = wires[w].tail, before = gradients[to];
    gradients[to] = before === null ? share : before + share;
    given[to].push(share);
    return { wire: w, to, share, before, after: gradients[to], terms: [...given[to]] };
  }

  function passes(run) {
    const made = nodes.map((_, i) => i).filter(i => !isLeaf(i));
    const pass = backward(run);
    const steps = [
      ...made.map(node => ({ kind: "forward", node, gives: [] })),
      { kind: "seed", node: top, gives: [] },
      ...pass.steps,
    ];
    const uses = pass.given.map(shares => shares.length);
    return { run, steps, uses, gradients: pass.gradients };
  }

  // The nodes one of whose comparisons goes another way than before.
  function flipped(before, after) {
    const ways = (i, { values }) => rows[nodes[i].row].branches(values[i], ...operands(i, values));
    const branching = nodes.map((_, i) => i).filter(i => !isLeaf(i) && rows[nodes[i].row].branches);
    return branching.filter(i => String(ways(i, before)) !== String(ways(i, after)));
  }

  // The first node that its formula does not give from what was recorded, or -1.
  function disagreement() {
    return nodes.findIndex((node, i) => {
      if (isLeaf(i)) return false;
      const xs = operands(i, values), { value, locals } = rows[node.row];
      const found = [value(...xs), ...locals(values[i], ...xs)];
      const told = [values[i], ...into[i].map(w => recorded.locals[w])];
      const counts = into[i].map(w => !nodes[wires[w].tail].constant);
      return found.some((x, k) => (k === 0 || counts[k - 1]) && !agree(x, told[k]));
    });
  }

  return {
    nodes, wires, into, top, inputs, recorded, isLeaf, isInput,
    fill, forward, backward, passes, flipped, disagreement,
  };
}

function agree(a, b) {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)) + 1e-15;
}
