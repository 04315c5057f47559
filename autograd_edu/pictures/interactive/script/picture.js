// The picture: Python drew it, and its elements show a state (state.js).

function makePicture(svg, graph, words) {
  const { nodes, wires, into, top } = graph;
  const cards = [], lines = []; // by node and by wire; numbers that stand in formulas have none
  svg.querySelector("[data-part=ribbons]").remove(); // drawn anew, since they change
  for (const group of svg.querySelectorAll("[data-node]")) {
    const i = +group.getAttribute("data-node");
    cards[i] = card(group, i, graph);
  }
  for (const group of svg.querySelectorAll("[data-wire]")) {
    const [, head, slot] = numbersIn(group.getAttribute("data-wire"));
    lines[into[head][slot]] = line(group);
  }
  const chips = makeChips(svg.querySelector("g"), lines, words);

  function show(state) {
    const largest = most(state.gradients), widest = most(state.shares);
    cards.forEach((own, i) => showCard(own, i, state, largest));
    lines.forEach((own, w) => showLine(own, w, state, widest));
    chips(state);
  }

  const most = numbers => Math.max(0, ...numbers.filter(Number.isFinite).map(Math.abs));

  function showCard(own, i, state, largest) {
    const { group } = own, gradient = state.gradients[i];
    const value = state.known[i] ? short(state.values[i]) : "?";
    const given = gradient === null ? "–" : short(gradient);
    const alarm = alarmOf(i, state), terms = state.terms[i] || [];
    const above = [state.from ? ghost(i, state) : "", alarm].filter(Boolean).join(", ");
    const below = terms.length > 1 ? words.ledger(terms, gradient) : "";
    const is = [state.sender === i, state.made === i, state.receivers.includes(i)];
    if (!changes(own, value, given, above, below, is, state.partial[i], largest)) return;
    write(own.value, value, own.half - 12);
    write(own.gradient, given, own.half - 12, own.width - 8);
    mark(group, "bare", gradient === null);
    mark(group, "wait", !state.known[i]);
    mark(group, "alarm", alarm);
    ["from", "now", "to"].forEach((role, k) => mark(group, role, is[k]));
    tint(own.cell, state.partial[i] ? null : gradient, largest);
    own.above.textContent = above;
    own.below.textContent = below;
    // It ends with the card, but never begins left of the picture.
    own.below.setAttribute("x", Math.max(own.width, below.length * SMALL - own.x));
    describe(group, i, state, value, given);
  }

  // For screen readers, and as a tooltip.
  function describe(group, i, state, value, given) {
    const known = value === "?" ? "not computed yet" : value;
    const says = `value ${known}, gradient ${given === "–" ? "none yet" : given}`;
    const label = `${nodes[i].title}, ${says}`;
    group.setAttribute("aria-label", label);
    group.querySelector("title").textContent = label;
    if (group.getAttribute("role") !== "slider") return;
    group.setAttribute("aria-valuenow", state.values[i]);
    group.setAttribute("aria-valuetext", says);
  }

  function alarmOf(i, { values, known, gradients }) {
    const odd = x => x !== null && !Number.isFinite(x), says = x => `⚠ ${short(x)}`;
    if (known[i] && i === values.findIndex(odd)) return `${says(values[i])} begins here`;
    if (i === gradients.findLastIndex(odd)) return `${says(gradients[i])} gradient begins here`;
    return (known[i] && odd(values[i])) || odd(gradients[i]) ? "⚠" : "";
  }

  // How far a value is from where the nudge began.
  function ghost(i, state) {
    const before = state.from.values[i], moved = state.values[i] - before;
    const flip = state.flips.includes(i) ? "flipped" : "";
    if (!moved) return flip;
    const told = i === top ? `predicted ${change(state.predicted)}` : `was ${short(before)}`;
    return [`${change(moved)}  ${told}`, flip].filter(Boolean).join(", ");
  }

  function showLine(own, w, state, widest) {
    const { tail, head } = wires[w], share = state.shares[w], known = state.known[head];
    const lit = state.active.includes(w) && state.way;
    const part = share && Math.sqrt(Math.abs(share) / widest);
    if (!changes(own, known, state.locals[w], lit, part)) return;
    if (own.text) own.text.textContent = known ? short(state.locals[w]) : "";
    mark(own.group, "forward", lit === "forward");
    mark(own.group, "backward", lit === "backward");
    mark(own.group, "dead", known && state.locals[w] === 0 && !nodes[tail].constant);
    mark(own.ribbon, "minus", share < 0);
    own.ribbon.setAttribute("stroke-width", part > 0 ? Math.max(1.5, 13 * part).toFixed(1) : 0);
  }

  // The part of the picture where something changes: [left, top, right, bottom].
  function where({ sender, made, receivers }) {
    const seen = [sender, made, ...receivers].filter(i => i >= 0).map(i => cards[i]);
    if (!seen.length) return null;
    const first = key => Math.min(...seen.map(own => own[key]));
    const last = (key, size) => Math.max(...seen.map(own => own[key] + own[size]));
    return [first("x"), first("y") - 8, last("x", "width") + 16, last("y", "height") + 24];
  }

  return { cards, show, where };
}

function tint(cell, gradient, largest) {
  const strength = Number.isFinite(gradient) && largest ? Math.abs(gradient) / largest : 0;
  cell.setAttribute("fill-opacity", (0.3 * strength).toFixed(2));
  mark(cell, "minus", gradient < 0);
}
