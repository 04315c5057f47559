// The stepper: all of the above for one picture on a page.

function startStepper(root) {
  const part = name => root.querySelector(`[data-part=${name}]`);
  const text = root.querySelector("[type='application/json']").textContent;
  const content = JSON.parse(text, readNumber);
  short.digits = content.digits;
  const graph = makeGraph(content, rows), wrong = rows ? graph.disagreement() : -1;
  graph.canNudge = Boolean(rows) && wrong < 0 && graph.inputs.length > 0;
  graph.work = graph.inputs.length > 0 && !graph.isLeaf(graph.top);
  const words = makeWords(graph), now = makeNow(graph, content.held), svg = takeImage(root, graph);
  part("picture").append(svg);
  part("key").innerHTML = keyOf(graph.canNudge);
  mark(root, "wide", svg.width.baseVal.value > 600);
  const picture = makePicture(svg, graph, words), view = makeView(part("picture"), svg);
  const table = makeTable(part, graph), explain = makeDetail(part("detail"), graph, words, move);
  let pass = graph.passes(now.run), at = 0, chosen = -1, spoken = "";

  // We are after `at` steps of the pass, or past its last one: now.

  const last = () => pass.steps.length, isNow = () => at > last();
  const state = () => isNow() ? stateNow(now, graph) : stateAfter(at, pass, graph);

  function go(k, { beats = false } = {}) {
    at = Math.max(0, k);
    const shown = state();
    mark(root, "beats", beats);
    say(...headline(shown));
    picture.show(shown);
    table.show(shown);
    if (chosen >= 0) explain(chosen, shown);
    showControls();
    view.reveal(picture.where(shown));
    theme();
  }

  function headline(shown) {
    if (isNow()) {
      const [text, lines] = words.ofNow(now);
      return [text, [...lines, words.ofHistory(now.history), unable()]];
    }
    const arrow = { start: "start", forward: "forward →", backward: "← backward" }[shown.way];
    const [text, lines] = at ? words.ofStep(shown.step, pass) : words.ofStart(now);
    return [`Step ${at} of ${last()}, ${arrow}: ${text}`, lines];
  }

  function say(text, lines) {
    const item = line => Object.assign(document.createElement("li"), { textContent: line });
    spoken = [text, ...lines].join(" ");
    part("status").textContent = text;
    part("why").replaceChildren(...lines.filter(Boolean).map(item));
  }

  function unable() {
    if (graph.canNudge || !graph.inputs.length) return "";
    return `The leaves cannot be moved here: ${content.unable || words.ofMismatch(wrong)}.`;
  }

  function showControls() {
    const off = { first: !at, back: !at, next: at >= last(), now: isNow() };
    const slider = part("slider");
    Object.assign(slider, { max: last(), value: at });
    slider.setAttribute("aria-valuetext", part("status").textContent);
    for (const name in off) part(name).setAttribute("aria-disabled", off[name]);
  }

  const play = makePlay(part("play"), {
    isConnected: () => root.isConnected,
    goOn: () => at >= last() ? go(0) : go(at + 1, { beats: true }),
    ended: () => at >= last(),
    words: () => spoken.split(" ").length,
  });

  const by = n => go(isNow() && n < 0 ? last() : Math.min(at + n, last()), { beats: n === 1 });
  const stopped = action => () => { play.stop(); action(); };

  function act(change) {
    play.stop();
    change();
    pass = graph.passes(now.run);
    go(last() + 1);
  }

  function move(leaf, value) { act(() => now.move(leaf, value)); }

  function choose(i, byKey) {
    chosen = i;
    picture.cards.forEach(({ group }, j) => group.setAttribute("aria-current", j === i));
    explain(i, state());
    if (byKey) focusField(part("typed"));
  }

  const actions = {
    first: stopped(() => go(0)),
    back: stopped(() => by(-1)),
    next: stopped(() => by(1)),
    now: stopped(() => go(last() + 1)),
    play: () => play.toggle(),
    zero: () => act(now.zero),
    again: () => act(now.backward),
    down: () => act(() => now.step(+part("rate").value, table.moving())),
    reset: () => act(now.reset),
  };
  for (const name in actions) if (part(name)) part(name).onclick = actions[name];
  part("slider").oninput = stopped(() => go(+part("slider").value));
  makeHands(picture.cards, graph, now, { move, choose });

  root.tabIndex = 0;
  for (const element of [root, ...root.querySelectorAll("button, input, [tabindex]")]) {
    element.setAttribute(OWN_KEYS, true);
  }
  root.onkeydown = event => {
    const move = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: last() - at }[event.key];
    const plays = event.key === " " && event.target === root;
    const typing = event.target.matches("[type=number], [type=checkbox]");
    const other = typing || event.altKey || event.ctrlKey || event.metaKey;
    if (other || (move === undefined && !plays)) return;
    event.preventDefault();
    event.stopPropagation();
    if (plays) play.toggle();
    else stopped(() => by(move))();
  };

  function theme() {
    const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
    const kind = vscodeThemeKind ? /dark/.test(vscodeThemeKind) : scheme.matches;
    mark(root, "dark", jpThemeLight ? jpThemeLight === "false" : kind);
  }
  const scheme = matchMedia("(prefers-color-scheme:dark)");
  scheme.onchange = theme;

  addEventListener("beforeprint", () => go(last() + 1)); // on paper
  go(content.opens === "start" ? 0 : last() + 1);
}

function focusField(field) {
  field?.focus();
  field?.select();
}

// The still image becomes elements.
function takeImage(root, graph) {
  const image = root.querySelector("img");
  const source = decodeURIComponent(image.src.replace(/^[^,]*,/, ""));
  const parsed = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
  const svg = document.importNode(parsed, true);
  svg.setAttribute("role", "group");
  image.outerHTML = markup(graph);
  return svg;
}

// JSON has no infinities: Python writes them as ["inf"].
function readNumber(_, value) {
  const words = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  return Array.isArray(value) && value.length === 1 ? words[value[0]] ?? value : value;
}
