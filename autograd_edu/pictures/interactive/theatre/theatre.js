// The theatre: a recorded training run, with a slider over its epochs.

function startTheatre(root) {
  const part = name => root.querySelector(`[data-part=${name}]`);
  const told = JSON.parse(root.querySelector("[type='application/json']").textContent);
  const content = prepared(told), { epochs, losses, frames, xs, targets, sizes } = content;
  const makeScreen = { plane: makePlane, curve: makeFitted, table: makeTable }[content.kind];
  const screen = makeScreen(part("screen"), content), units = makeUnits(part("units"), content);
  const slider = part("slider"), play = part("play"), dot = part("dot"), last = epochs.length - 1;
  const places = dot.dataset.places.split(" ").map(place => place.split(",").map(Number));
  const scheme = matchMedia("(prefers-color-scheme:dark)");
  const state = recall(content.name);
  let timer = 0;

  function show() {
    const dark = isDark(), layers = frames[state.at], chosen = state.sample;
    const pass = passOf(xs[chosen], targets[chosen], layers);
    root.classList.toggle("dark", dark);
    screen.show(layers, { dark, chosen });
    const gradients = part("gradients").checked;
    const largestGradient = gradients ? largestAt(chosen) : 0;
    units.show(layers, { dark, pass, gradients, largestGradient, x: xs[chosen] });
    const [x, y] = places[state.at];
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    say(layers, pass);
    if (state.unit) showCard(layers, pass);
  }

  function say(layers, pass) {
    const epoch = epochs[state.at];
    const loss = epoch ? `loss ${short(losses[state.at])}` : "before training";
    const says = `Epoch ${epoch.toLocaleString("en")}: ${loss}, ${content.score(layers)}`;
    part("status").textContent = says;
    slider.value = state.at;
    slider.setAttribute("aria-valuetext", says);
    part("sample").value = state.sample + 1;
    part("about").textContent = content.about(state.sample, pass);
  }

  // The largest gradient of a weight for this sample over the run; kept for as long as it is shown.
  const known = {};
  function largestAt(i) {
    const of = layers => gradientOf(passOf(xs[i], targets[i], layers));
    return known[i] ??= Math.max(...frames.map(of));
  }

  function isDark() { // as JupyterLab or VS Code are where the page is theirs, or the system
    const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
    if (jpThemeLight) return jpThemeLight === "false";
    return vscodeThemeKind ? /dark/.test(vscodeThemeKind) : scheme.matches;
  }

  // ---- epochs ----

  function go(k) {
    state.at = k;
    state.follows = k === last;
    closeSteps();
    show();
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Play";
  }
  function goOn() {
    if (!root.isConnected || state.at === last) return stop();
    go(state.at + 1);
  }
  play.onclick = () => {
    if (timer) return stop();
    if (state.at === last) go(0);
    play.textContent = "❚❚ Pause";
    timer = setInterval(goOn, 120);
  };
  slider.max = last;
  slider.oninput = () => { stop(); go(+slider.value); };

  const curve = part("curve");
  curve.onpointerdown = curve.onpointermove = event => {
    if (!event.buttons) return;
    curve.setPointerCapture(event.pointerId);
    const box = curve.getBoundingClientRect(), scale = curve.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale;
    const k = nearest(places.map(([place]) => [place, 0]), [x, 0]);
    stop();
    if (k !== state.at) go(k);
  };

  // ---- samples ----

  function choose(i) {
    state.sample = Math.min(Math.max(i, 0), xs.length - 1);
    closeSteps();
    show();
  }
  part("sample").max = xs.length;
  part("sample").onchange = () => choose(Math.round(+part("sample").value || 1) - 1);
  part("screen").onclick = ({ offsetX, offsetY, target }) => {
    choose(screen.pick(offsetX / target.clientWidth, offsetY / target.clientHeight, state.sample));
  };
  for (const name of ["weights", "gradients"]) part(name).onchange = show;

  // ---- units ----

  part("holder").append(...units.buttons.flat());
  units.buttons.forEach((column, k) => column.forEach((button, j) => {
    button.onclick = () => {
      state.unit = { k, j };
      closeSteps();
      show();
      part("card").scrollIntoView({ block: "nearest" });
    };
    button.onkeydown = event => {
      const to = neighbour(event.key, k, j, units.buttons);
      if (to) rove(event, button, to);
    };
  }));
  units.buttons[0][0].tabIndex = 0;

  function showCard(layers, pass) {
    const { k, j } = state.unit, card = part("card"), scrolled = card.querySelector(".rows")?.scrollTop;
    const focused = document.activeElement.dataset?.row;
    units.buttons.flat().forEach(button => button.removeAttribute("aria-current"));
    units.buttons[k][j].setAttribute("aria-current", true);
    card.innerHTML = cardOf(state.unit, content, layers, pass);
    card.hidden = false;
    card.querySelector(".rows").scrollTop = scrolled || 0;
    const rows = [...card.querySelectorAll("[data-row]")];
    if (focused) rows[focused]?.focus();
    rows.forEach((row, i) => {
      row.onclick = () => step(+row.dataset.row, layers, pass);
      row.onkeydown = event => {
        const to = rows[i + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
        if (to) rove(event, row, to);
      };
    });
  }

  function step(i, layers, pass) {
    openSteps(part("steps"), { ...state.unit, i }, { ...content, at: state.sample }, layers, pass);
    part("from").textContent = originOf({ ...state.unit, i }, sizes)
      + `, for sample ${state.sample + 1} after epoch ${epochs[state.at].toLocaleString("en")}. `
      + "“rest” is the sum of a unit's other products and its bias.";
    part("opened").hidden = false;
    part("close").focus();
    part("close").scrollIntoView({ block: "nearest" });
  }

  function closeSteps() {
    part("steps").replaceChildren();
    part("opened").hidden = true;
  }
  part("close").onclick = () => { closeSteps(); part("card").querySelector("[data-row]").focus(); };

  for (const control of root.querySelectorAll("button, input")) {
    control.setAttribute("data-lm-suppress-shortcuts", true);
  }
  scheme.onchange = show;
  root.classList.add("runs");
  if (state.follows) state.at = last;
  state.at = Math.min(state.at, last);
  show();
}

// What the reader chose, kept while a running training shows the page anew.
function recall(name) {
  const fresh = { at: 0, sample: 0, unit: null, follows: true };
  if (!name) return fresh;
  const all = globalThis.autogradTheatres ??= {};
  return all[name] ??= fresh;
}

// Move the focus within a group that has one tab stop.
function rove(event, from, to) {
  event.preventDefault();
  event.stopPropagation();
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

// The unit to which an arrow key leads: up and down in a layer, left and right between layers.
function neighbour(key, k, j, columns) {
  if (key === "ArrowUp") return columns[k][j - 1];
  if (key === "ArrowDown") return columns[k][j + 1];
  const column = columns[k + ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? NaN)];
  return column?.[Math.floor((j + 0.5) / columns[k].length * column.length)];
}
