// The table, and the details of the chosen value.

function appendElement(tag, text, parent) {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.append(element);
  return element;
}

function makeTable(part, graph) {
  const { nodes, inputs } = graph;
  const rows = [];
  nodes.forEach((node, i) => {
    if (node.title === undefined) return; // a number in a formula
    const row = rows[i] = appendElement("tr", "", part("rows"));
    appendElement("th", node.title, row).scope = "row";
    for (let k = 0; k < (graph.canNudge ? 3 : 2); k++) appendElement("td", "", row);
  });
  const boxes = new Map(graph.canNudge ? inputs.map(i => [i, checkbox(i)]) : []);

  // Whether a leaf takes part in a step downhill.
  function checkbox(i) {
    const label = appendElement("label", "", rows[i].lastChild);
    const box = appendElement("input", "", label);
    Object.assign(box, { type: "checkbox", checked: true });
    box.setAttribute("aria-label", `${nodes[i].name} moves in a step`);
    return box;
  }

  function show(state) {
    const current = Math.max(state.made, state.sender);
    rows.forEach((row, i) => {
      const gradient = state.gradients[i], value = state.known[i] ? short(state.values[i]) : "?";
      const to = state.receivers.includes(i);
      if (!changes(row, value, gradient, i === current, to)) return;
      row.children[1].textContent = value;
      row.children[2].textContent = gradient === null ? "–" : short(gradient);
      mark(row, "now", i === current);
      mark(row, "to", to);
      row.setAttribute("aria-current", i === current ? "step" : "false");
    });
    const row = rows[current], table = part("table");
    if (row) table.scrollTop = row.offsetTop - table.clientHeight / 2;
  }

  return { show, moving: () => inputs.filter(i => boxes.get(i).checked) };
}

function makeDetail(detail, graph, words, move) {
  const { nodes, wires, top, isLeaf, isInput } = graph;
  const p = text => appendElement("p", text, detail);

  function show(i, state) {
    if (detail.contains(document.activeElement)) return; // somebody types there
    detail.textContent = "";
    detail.hidden = false;
    appendElement("b", isLeaf(i) ? nodes[i].title : words.equation(i), detail);
    if (isInput(i) && graph.canNudge) field(i, state.values[i]);
    else p(`value ${state.known[i] ? state.values[i] : "not computed yet"}`);
    if (state.known[i] && !isLeaf(i)) words.locals(i, state, String).forEach(p);
    p(`gradient: ${whence(i, state)}`);
  }

  function whence(i, state) {
    const gradient = state.gradients[i];
    if (nodes[i].constant) return "none, it is a constant";
    if (gradient === null) return "none yet";
    if (i === top) return "1 (seed) = 1";
    const shares = wires.map((_, w) => w).filter(w => wires[w].tail === i && w in state.shares);
    const given = shares.reverse().filter(w => state.shares[w] !== undefined);
    const sum = given.reduce((total, w) => total + state.shares[w], 0);
    const terms = given.map(w => words.term(w, state));
    const whole = terms.length > 0 && agree(sum, gradient);
    return (whole ? `${terms.join(" + ")} = ` : "") + short(gradient);
  }

  function field(i, value) {
    const input = appendElement("input", "", appendElement("label", "value ", p("")));
    Object.assign(input, { type: "number", step: "any", value });
    input.setAttribute("data-part", "typed");
    input.setAttribute("aria-label", `value of ${nodes[i].name}`);
    input.setAttribute(OWN_KEYS, true);
    input.onchange = () => input.value !== "" && move(i, +input.value);
    input.onkeydown = ({ key }) => { if (key === "Enter") input.onchange(); }; // for JupyterLab
  }

  return show;
}

// JupyterLab takes keys unless the very element with the focus forbids it.
const OWN_KEYS = "data-lm-suppress-shortcuts";
