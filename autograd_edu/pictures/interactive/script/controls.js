// The buttons, and Play.

const button = (part, text) => `<button type=button data-part=${part}>${text}</button>`;
const group = (part, name, more = "") =>
  `<div data-part=${part} role=group aria-label="${name}" ${more}>`;
const toolbar = (part, name, inside) =>
  `<div data-part=${part} role=toolbar aria-label="${name}">${inside}</div>`;

function markup({ canNudge, work }) {
  return toolbar("controls", "Step through the computation", stepping()) +
    (work ? toolbar("work", "Work on the values", working(canNudge)) : "") +
    "<div data-part=says role=status><p data-part=status></p>" +
    "<ul data-part=why></ul></div>" +
    "<div class=both><div class=left><div data-part=picture></div><p data-part=key></p>" +
    `${group("detail", "The chosen value", "aria-live=polite hidden")}</div></div>` +
    group("table", "Values and gradients", "tabindex=0") +
    "<table><thead><tr><th scope=col>variable<th scope=col>value<th scope=col>gradient" +
    `${canNudge ? "<th scope=col>moves" : ""}<tbody data-part=rows></table></div></div>`;
}

function stepping() {
  return button("first", "⇤ Start") + button("back", "◀ Back") +
    button("next", "Next ▶") + button("play", "▶ Play") +
    "<input type=range data-part=slider min=0 aria-label=Step>" +
    button("now", "Now ⇥");
}

function working(canNudge) {
  const rate = "<label>rate <input type=number data-part=rate value=0.1 step=any min=0></label>";
  return button("zero", "Zero gradients") + button("again", "Backward") +
    (canNudge ? button("down", "Step downhill") + rate + button("reset", "Reset") : "");
}

function keyOf(canNudge) {
  return "<b class=value>value</b> · <b class=gradient>gradient</b> · " +
    "on a wire: local gradient · ribbon: local × upstream, <span class=plus>positive</span> or " +
    "<span class=minus>negative, dashed</span>" +
    (canNudge ? " · drag a blue card, or focus it and press ←&nbsp;→" : "");
}

const WORD = 300, LEAST = 900; // milliseconds to read a word, and to see a step

// Play: each step stays for as long as its words take to read.
function makePlay(own, { isConnected, goOn, ended, words }) {
  let timer = 0;
  const tick = () => { timer = setTimeout(next, Math.max(LEAST, words() * WORD)); };
  function start() {
    if (ended()) goOn();
    say("❚❚ Pause", true);
    tick();
  }
  function stop() {
    clearTimeout(timer);
    timer = 0;
    say("▶ Play", false);
  }
  function next() {
    if (isConnected()) goOn();
    if (ended() || !isConnected()) stop();
    else tick();
  }
  function say(text, pressed) {
    own.textContent = text;
    own.setAttribute("aria-pressed", pressed);
  }
  return { stop, toggle: () => timer ? stop() : start() };
}
