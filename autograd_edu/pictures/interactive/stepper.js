(root => {
  // What Python wrote; `_content` in stepper.py says how. Numbers are texts, as Python writes them: nothing is computed here.
  const { width, nodes, wires, backward, other } = JSON.parse(root.querySelector("[type='application/json']").textContent);
  const part = name => root.querySelector(`[data-part=${name}]`), all = (what, inside = svg) => [...inside.querySelectorAll(what)];
  const set = (element, key, value) => element.setAttribute(key, value), mark = (e, as, is) => e.classList.toggle(as, is);
  const make = (tag, text, parent) => { const e = document.createElement(tag); e.textContent = text; parent.append(e); return e; };
  const title = i => nodes[i][0], made = i => nodes[i].length > 5, name = i => nodes[i][4] || title(i);
  const formula = i => nodes[i][6] || title(i).slice(name(i).length + 3), signed = text => text[0] === "-" ? `(${text})` : text;

  // The steps: [node, [[wire, gradient of its tail afterwards, the sum over its consumers], …]], the forward ones without a list.
  const steps = [], into = nodes.map(() => []), top = nodes.length - 1;
  nodes.forEach((_, i) => { if (made(i)) steps.push([i, []]); });
  const seed = steps.length, last = steps.push([top, []], ...backward);
  wires.forEach((wire, w) => into[wire[1]].push(w));

  // The picture: an image until now, so that it alone shows without JavaScript; from here on elements that can change.
  const image = root.querySelector("img"), source = decodeURIComponent(image.src.replace(/^[^,]*,/, ""));
  const svg = document.importNode(new DOMParser().parseFromString(source, "image/svg+xml").documentElement, true);
  set(svg, "role", "group");
  const button = (part, text) => `<button type=button data-part=${part}>${text}</button>`;
  const region = (part, name) => `<div data-part=${part} role=region aria-label="${name}" `;
  image.outerHTML = "<div data-part=controls role=toolbar aria-label='Step through the computation'>" + button("back", "◀ Back") +
    button("next", "Next ▶") + button("play", "▶ Play") + "<label>Speed <select data-part=speed><option value=2400>slow" +
    "<option value=1200 selected>normal<option value=400>fast</select></label>" +
    "<input type=range data-part=slider min=0 value=0 aria-label=Step>" + button("fit", "Fit width") + "</div>" +
    "<p data-part=status role=status aria-live=polite></p><div class=both><div class=left><div data-part=picture></div>" +
    region("detail", "The chosen value") + "aria-live=polite hidden></div></div>" + region("table", "Values and gradients so far") +
    "tabindex=0><table><thead><tr><th scope=col>variable<th scope=col>value<th scope=col>gradient<tbody data-part=rows></table></div></div>";
  const view = part("picture"), table = part("table"), detail = part("detail");
  view.append(svg);
  const lines = all("[data-wire]"), cards = all("[data-node]"), texts = cards.map(card => all("text", card));
  const right = texts.map(t => +t[2].getAttribute("x") + +t[2].getAttribute("textLength"));
  lines.forEach(line => { // a second arrow, at the tail, for the way back
    const [curve, arrow] = all("path", line), n = curve.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const dx = n[0] - n[2], dy = n[1] - n[3], size = 9 / (Math.hypot(dx, dy) || 1), u = dx * size, v = dy * size;
    const back = arrow.cloneNode(), tip = arrow.getAttribute("d").slice(1).split("L")[0], end = n.slice(-2).join(" ");
    set(back, "d", `M${n[0]} ${n[1]}L${n[0] - u - v / 2} ${n[1] - v + u / 2}L${n[0] - u + v / 2} ${n[1] - v - u / 2}ZM${end}L${tip}`);
    mark(arrow, "there", true); mark(back, "back", true); line.append(back);
  });

  // The running table.
  const rows = nodes.map((_, i) => {
    const row = make("tr", "", part("rows"));
    make("th", title(i), row).scope = "row"; make("td", "", row); make("td", "", row);
    return row;
  });

  const slider = part("slider"), status = part("status"), play = part("play"), fit = part("fit"), shown = [];
  let at = 0, chosen = -1, timer = 0, now = -1, active = [];

  function gradients(k) { // every gradient after k steps
    const gradient = nodes.map(() => "");
    if (k > seed) gradient[top] = "1";
    for (const [, gives] of steps.slice(0, k)) for (const [w, after] of gives) gradient[wires[w][0]] = after;
    return gradient;
  }
  const whole = gradients(last);
  function write(text, what, end) {
    const length = what.length * width;
    text.textContent = what;
    set(text, "textLength", length);
    if (end !== undefined) set(text, "x", end - length);
  }
  function show(i, known, gradient) { // one node, if it is not shown so already
    if (shown[i] === known + gradient) return;
    shown[i] = known + gradient;
    const value = known ? nodes[i][1] : "?", given = gradient || "–", [card, [, one, two], row] = [cards[i], texts[i], rows[i].children];
    const says = `${title(i)}, value ${known ? value : "not computed yet"}, gradient ${gradient || "none yet"}`;
    write(one, value); write(two, given, right[i]);
    row[1].textContent = value; row[2].textContent = given;
    set(card, "aria-label", says);
    card.querySelector("title").textContent = says;
    mark(card, "bare", !gradient); mark(card, "wait", !known);
    mark(card, "partial", gradient !== whole[i]); // the tint is that of the whole gradient
    into[i].forEach(w => mark(lines[w], "early", !known)); // a local gradient is known once the value is
  }
  function sentence(k) { // as Python's Step.sentence
    const [i, gives] = steps[k - 1], before = gradients(k - 1), up = before[i];
    if (k <= seed) return `${name(i)} = ${formula(i)} = ${nodes[i][5]} = ${nodes[i][1]}`;
    if (k === seed + 1) return `∂${name(i)}/∂${name(i)} = 1, the seed`;
    return gives.map(([w, after, sum]) => {
      const [p, , local] = wires[w], had = before[p] || "0";
      before[p] = after;
      return `${name(p)}.grad += local × upstream: ${had} + ${signed(local)} × ${signed(up)} = ${after}${sum || ""}`;
    }).join("; ") || `${name(i)} has no parent that needs a gradient`;
  }
  function go(k) {
    at = Math.max(0, Math.min(last, k));
    const gradient = gradients(at), [i, gives] = steps[at - 1] || [-1, []], back = at > seed, done = at < seed ? steps[at][0] : nodes.length;
    nodes.forEach((_, j) => show(j, j < done || !made(j), gradient[j]));
    for (const [j, is] of [[now, false], [i, true]]) if (j >= 0) {
      mark(cards[j], "now", is); mark(rows[j], "now", is);
      set(rows[j], "aria-current", is ? "step" : false);
    }
    now = i;
    if (at) reveal();
    active.forEach(w => { mark(lines[w], "forward", false); mark(lines[w], "backward", false); });
    active = i < 0 ? [] : back ? gives.map(([w]) => w) : into[i];
    active.forEach(w => mark(lines[w], back ? "backward" : "forward", true));
    status.textContent = `Step ${at} of ${last}, ` + (at ? `${back ? "← backward" : "forward →"}: ${sentence(at)}` : `start: the inputs are known. ${other}`);
    root.dataset.phase = at ? back ? "backward" : "forward" : "start";
    slider.value = at;
    set(slider, "aria-valuetext", status.textContent);
    set(part("back"), "aria-disabled", at === 0);
    set(part("next"), "aria-disabled", at === last);
    if (at === last) stop();
    if (chosen >= 0) explain(chosen);
    theme();
  }
  function reveal() { // the active card and row, without moving the page
    const box = view.getBoundingClientRect(), card = cards[now].getBoundingClientRect(), row = rows[now];
    if (card.left < box.left || card.right > box.right) view.scrollLeft += (card.left + card.right - box.left - box.right) / 2;
    if (card.top < box.top || card.bottom > box.bottom) view.scrollTop += (card.top + card.bottom - box.top - box.bottom) / 2;
    table.scrollTop = row.offsetTop - table.clientHeight / 2;
  }
  function explain(i) { // formula, local gradients, and the sum over the consumers of one node
    const known = shown[i].startsWith("true"), given = at > seed && i === top ? ["1 (seed)"] : [], gradient = gradients(at)[i];
    cards.forEach((card, j) => set(card, "aria-pressed", j === i));
    chosen = i;
    detail.textContent = "";
    make("b", made(i) ? `${name(i)} = ${formula(i)}` : title(i), detail);
    make("p", `value ${known ? nodes[i][2] || nodes[i][1] : "not computed yet"}`, detail);
    if (known) into[i].filter(w => wires[w][3]).forEach(w => {
      const [p, , local, slope, full] = wires[w];
      make("p", `local gradient ∂${name(i)}/∂${name(p)} = ${slope} = ${full || local}`, detail);
    });
    steps.slice(seed, at).forEach(([j, gives], k) => gives.forEach(([w]) => {
      if (wires[w][0] === i) given.push(`${signed(wires[w][2])} × ${signed(gradients(seed + k)[j])} (through ${name(j)})`);
    }));
    const none = nodes[i][3] ? "none, it is a constant" : "none yet";
    make("p", "gradient: " + (given.length ? `${given.join(" + ")} = ${gradient}` : none), detail);
    detail.hidden = false;
  }
  function theme() { // that of JupyterLab or VS Code where the page is theirs, else the reader's own
    const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
    const dark = jpThemeLight ? jpThemeLight === "false" : vscodeThemeKind ? /dark/.test(vscodeThemeKind) : scheme.matches;
    mark(root, "dark", dark);
  }
  const scheme = matchMedia("(prefers-color-scheme:dark)");
  scheme.onchange = theme;

  function stop() { clearTimeout(timer); timer = 0; play.textContent = "▶ Play"; set(play, "aria-pressed", false); }
  function tick() { timer = setTimeout(() => { if (!root.isConnected) return stop(); tick(); go(at + 1); }, +part("speed").value); }
  function start() { if (at === last) go(0); play.textContent = "❚❚ Pause"; set(play, "aria-pressed", true); tick(); }
  const by = n => { stop(); go(at + n); }, toggle = () => timer ? stop() : start();

  part("next").onclick = () => by(1);
  part("back").onclick = () => by(-1);
  play.onclick = toggle;
  part("speed").onchange = () => { if (timer) { clearTimeout(timer); tick(); } };
  slider.max = last;
  slider.oninput = () => { stop(); go(+slider.value); };
  const wide = svg.width.baseVal.value;
  mark(root, "wide", wide > 600);
  fit.onclick = () => set(fit, "aria-pressed", mark(root, "fitted"));
  cards.forEach((card, i) => {
    set(card, "tabindex", 0); set(card, "role", "button"); mark(card, "card", true);
    card.onclick = () => explain(i);
    card.onkeydown = e => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); e.stopPropagation(); explain(i); } };
  });
  root.tabIndex = 0;
  // JupyterLab would take keys for itself, unless the very element that has the focus forbids it.
  [root, ...all("button, select, input, [tabindex]", root)].forEach(e => set(e, "data-lm-suppress-shortcuts", true));
  root.onkeydown = e => {
    const move = { ArrowRight: 1, ArrowLeft: -1, Home: -last, End: last }[e.key], space = e.key === " " && e.target === root;
    if (!(move || space) || e.altKey || e.ctrlKey || e.metaKey || e.target === part("speed")) return;
    e.preventDefault(); e.stopPropagation();
    space ? toggle() : by(move);
  };
  fit.hidden = wide <= view.clientWidth;
  go(0);
})(document.currentScript.closest(".autograd-stepper"))
