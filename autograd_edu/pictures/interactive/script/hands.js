// The picture under mouse, finger and keys: it is one stop of the Tab key.

const PIXELS = 4; // of a drag, for one unit of the value

function makeHands(cards, graph, now, { move, choose }) {
  const leaf = i => graph.canNudge && graph.isInput(i);
  const order = Object.keys(cards).map(Number); // of the nodes that have a card
  let drag = null;

  cards.forEach(({ group }, i) => {
    group.setAttribute("tabindex", i === order[0] ? 0 : -1);
    group.setAttribute("role", leaf(i) ? "slider" : "group");
    group.onclick = () => { if (!drag?.moved) choose(i); };
    group.onfocus = () => cards.forEach((other, j) => { other.group.tabIndex = j === i ? 0 : -1; });
    group.onkeydown = event => onKey(event, i);
    if (leaf(i)) group.onpointerdown = event => begin(event, i);
  });

  // A finger on a leaf drags it and does not scroll; within an SVG, touch-action cannot say so.
  cards[order[0]].group.ownerSVGElement.addEventListener("touchmove", event => {
    if (event.target.closest("[role=slider]")) event.preventDefault();
  }, { passive: false });

  function begin(event, i) {
    if (event.button) return;
    const from = now.run.values[i], { group } = cards[i];
    drag = { leaf: i, x: event.clientX, from, unit: unitAt(from), moved: false };
    group.setPointerCapture(event.pointerId);
    group.onpointermove = follow;
    group.onpointerup = group.onpointercancel = () => { group.onpointermove = null; };
  }

  function follow(event) {
    const units = Math.round((event.clientX - drag.x) / PIXELS);
    if (!units && !drag.moved) return; // a click that trembles
    drag.moved = true;
    move(drag.leaf, tidy(drag.from + units * drag.unit));
  }

  function onKey(event, i) {
    const act = event.altKey || event.ctrlKey || event.metaKey ? null : actionOf(event, i);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // the stepper's own arrow keys do something else
    act();
  }

  function actionOf({ key, shiftKey }, i) {
    const way = { ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1 }[key];
    const to = { Home: order[0], End: order.at(-1) }[key] ?? order[order.indexOf(i) + way];
    if (key === "Enter" || key === " ") return () => choose(i, true);
    if (leaf(i) && /^Arrow[LR]/.test(key)) return () => nudge(i, way * (shiftKey ? 10 : 1));
    return cards[to] ? () => cards[to].group.focus() : null;
  }

  function nudge(i, units) {
    const value = now.run.values[i], same = now.nudge?.leaf === i;
    move(i, tidy(value + units * (same ? now.nudge.unit : unitAt(value))));
  }
}

// Without the crumbs of adding hundredths.
const tidy = x => +x.toPrecision(12);
