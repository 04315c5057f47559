// What the picture shows: after k steps of a pass, or now. `sender` gives to `receivers`, or `made`
// was computed, along the wires `active`; `partial`: a gradient still to grow.

function blank({ nodes, wires, isLeaf }, { values, locals }) {
  return {
    values, locals, known: nodes.map((_, i) => isLeaf(i)), gradients: nodes.map(() => null),
    terms: [], partial: [], shares: wires.map(() => undefined),
    sender: -1, made: -1, active: [], receivers: [], flips: [],
  };
}

function stateAfter(k, pass, graph) {
  const { steps } = pass, step = steps[k - 1], state = blank(graph, pass.run);
  for (const { kind, node, gives } of steps.slice(0, k)) {
    if (kind === "forward") state.known[node] = true;
    if (kind === "seed") state.gradients[node] = 1;
    for (const { wire, to, share, after, terms } of gives) {
      state.gradients[to] = after;
      state.terms[to] = terms;
      state.shares[wire] = share;
    }
  }
  state.partial = state.gradients.map((gradient, i) => gradient !== pass.gradients[i]);
  return Object.assign(state, roles(step, graph));
}

function roles(step, { into }) {
  if (!step) return { way: "start" };
  const { node, kind } = step;
  if (kind === "forward") return { step, way: "forward", made: node, active: into[node] };
  const active = step.gives.map(part => part.wire), receivers = step.gives.map(part => part.to);
  return { step, way: "backward", sender: node, active, receivers };
}

function stateNow(now, graph) {
  const { nodes, wires } = graph, state = blank(graph, now.run), { nudge } = now;
  Object.assign(state, { way: "now", known: nodes.map(() => true), gradients: now.gradients });
  if (now.fresh) {
    state.shares = wires.map((_, w) => shareNow(w, now, wires));
    const sum = terms => terms.reduce((a, b) => a + b, 0);
    state.terms = graph.backward(now.run).given.map((terms, i) =>
      agree(sum(terms), now.gradients[i]) ? terms : []);
  }
  now.given.forEach((terms, i) => { if (terms.length > 1) state.terms[i] = terms; });
  if (nudge) {
    state.from = nudge.from;
    state.flips = graph.flipped(nudge.from, now.run);
    state.predicted = nudge.slope * (now.run.values[nudge.leaf] - nudge.from.values[nudge.leaf]);
  }
  return state;
}

function shareNow(w, { gradients, run }, wires) {
  const { tail, head } = wires[w], held = gradients[head] !== null && gradients[tail] !== null;
  return held ? run.locals[w] * gradients[head] : undefined;
}
