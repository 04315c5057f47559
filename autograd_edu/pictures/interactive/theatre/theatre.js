// The theatre: a recorded training run, with a slider over its epochs.

function startTheatre(root) {
  const part = name => root.querySelector(`[data-part=${name}]`);
  const content = JSON.parse(root.querySelector("[type='application/json']").textContent);
  const { sizes, points, view, threshold, epochs, losses, parameters } = content;
  const frames = epochs.map((_, k) => layersOf(numbersOf(parameters[k]), sizes));
  const facts = { sizes, points, view, threshold, largest: largestOf(frames, sizes, view) };
  const screen = makeScreen(part("screen"), facts), units = makeUnits(part("units"), facts);
  const slider = part("slider"), play = part("play"), dot = part("dot");
  const scheme = matchMedia("(prefers-color-scheme:dark)");
  let timer = 0;

  function show(k) {
    const dark = isDark(), layers = frames[k];
    const right = points.filter(point => isRight(point, layers)).length;
    root.classList.toggle("dark", dark);
    screen.show(layers, dark);
    units.show(layers, dark);
    const [x, y] = dot.dataset.places.split(" ")[k].split(",");
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    const epoch = epochs[k], loss = epoch ? `loss ${short(losses[k])}` : "before training";
    const score = `${right} of ${points.length} points right`;
    const says = `Epoch ${epoch.toLocaleString("en")}: ${loss}, ${score}`;
    part("status").textContent = says;
    slider.value = k;
    slider.setAttribute("aria-valuetext", says);
    part("screen").setAttribute("aria-label", `Decision boundary. ${says}`);
  }

  function isRight([x, y, label], layers) {
    const [score] = unitsAt([[x], [y]], layers).at(-1)[0];
    return (score > threshold) === (label === 1);
  }

  function isDark() { // as JupyterLab or VS Code are where the page is theirs, or the system
    const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
    if (jpThemeLight) return jpThemeLight === "false";
    return vscodeThemeKind ? /dark/.test(vscodeThemeKind) : scheme.matches;
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Play";
  }
  function goOn() {
    if (!root.isConnected || +slider.value === epochs.length - 1) return stop();
    show(+slider.value + 1);
  }
  play.onclick = () => {
    if (timer) return stop();
    if (+slider.value === epochs.length - 1) show(0);
    play.textContent = "❚❚ Pause";
    timer = setInterval(goOn, 120);
  };
  slider.max = epochs.length - 1;
  slider.oninput = () => { stop(); show(+slider.value); };
  for (const control of [slider, play]) control.setAttribute("data-lm-suppress-shortcuts", true);
  scheme.onchange = () => show(+slider.value);
  root.classList.add("runs");
  show(epochs.length - 1);
}

// Numbers that Python wrote as bytes, in base 64.
function numbersOf({ bits, bytes }) {
  const text = Uint8Array.from(atob(bytes), character => character.charCodeAt(0));
  const Numbers = bits === 64 ? Float64Array : Float32Array;
  return Float64Array.from(new Numbers(text.buffer));
}

const short = x => x >= 1e-4 ? String(+x.toPrecision(4)) : x.toExponential(2);
