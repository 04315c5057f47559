(root => {
  const data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const { nodes, steps, wires } = data, last = steps.length;
  const part = name => root.querySelector(`[data-part="${name}"]`);
  const make = (tag, text, parent) => { const e = document.createElement(tag); e.textContent = text; parent.append(e); return e; };

  // The picture: an image until now, so that it shows without JavaScript; from here on elements that can change.
  const image = root.querySelector("img");
  const source = decodeURIComponent(image.getAttribute("src").replace(/^[^,]*,/, ""));
  const svg = document.importNode(new DOMParser().parseFromString(source, "image/svg+xml").documentElement, true);
  svg.setAttribute("role", "group");
  image.replaceWith(svg);
  const groups = [...svg.querySelector("g").children], lines = groups.slice(0, wires.length), cards = groups.slice(wires.length);
  const dataText = cards.map(card => card.querySelectorAll("text")[1]), gradText = cards.map(card => card.querySelectorAll("text")[2]);
  const right = gradText.map(t => +t.getAttribute("x") + +t.getAttribute("textLength"));
  lines.forEach(line => { // a second arrow, at the tail, for the way back
    const [curve, arrow] = line.querySelectorAll("path"), n = curve.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const dx = n[0] - n[2], dy = n[1] - n[3], size = 9 / (Math.hypot(dx, dy) || 1), u = dx * size, v = dy * size;
    const back = arrow.cloneNode();
    back.setAttribute("d", `M${n[0]} ${n[1]}L${n[0] - u - v / 2} ${n[1] - v + u / 2}L${n[0] - u + v / 2} ${n[1] - v - u / 2}Z`);
    arrow.classList.add("there"); back.classList.add("back"); line.append(back);
  });

  // The running table.
  const rows = nodes.map(node => {
    const row = make("tr", "", part("rows"));
    make("th", node.title, row).scope = "row";
    make("td", "", row).className = "value"; make("td", "", row).className = "gradient";
    return row;
  });

  let at = 0, chosen = -1, timer = 0;
  const slider = part("slider"), status = part("status"), play = part("play");

  function state(k) { // every value and gradient after k steps
    const value = nodes.map(node => node.op ? "" : node.data), gradient = nodes.map(() => "");
    for (const step of steps.slice(0, k)) {
      if (step.kind === "forward") value[step.node] = nodes[step.node].data;
      if (step.kind === "seed") gradient[step.node] = step.value;
      for (const p of step.parts) gradient[p.parent] = p.after;
    }
    return { value, gradient };
  }
  function write(text, shown, end) {
    const length = shown.length * data.character;
    text.textContent = shown;
    text.setAttribute("textLength", length);
    if (end !== undefined) text.setAttribute("x", end - length);
  }
  function go(k) {
    at = Math.max(0, Math.min(last, k));
    const { value, gradient } = state(at), step = steps[at - 1], way = step ? step.kind : "";
    const touched = new Set(step ? step.parts.map(p => p.wire) : []);
    nodes.forEach((node, i) => {
      write(dataText[i], value[i] || "?");
      write(gradText[i], gradient[i] || "–", right[i]);
      const now = step && step.node === i;
      cards[i].classList.toggle("now", !!now);
      cards[i].classList.toggle("bare", !gradient[i]);
      cards[i].classList.toggle("wait", !value[i]);
      cards[i].setAttribute("aria-label", `${node.title}, value ${value[i] || "not computed yet"}, gradient ${gradient[i] || "none yet"}`);
      rows[i].children[1].textContent = value[i] || "?";
      rows[i].children[2].textContent = gradient[i] || "–";
      rows[i].classList.toggle("now", !!now);
      now ? rows[i].setAttribute("aria-current", "step") : rows[i].removeAttribute("aria-current");
      if (now) part("table").scrollTop = rows[i].offsetTop - part("table").clientHeight / 2;
    });
    lines.forEach((line, i) => {
      line.classList.toggle("forward", way === "forward" && wires[i][1] === step.node);
      line.classList.toggle("backward", way === "backward" && touched.has(i));
    });
    const direction = { forward: "→ forward", seed: "← backward, the seed", backward: "← backward" }[way] || "start: only the inputs are known";
    status.textContent = `Step ${at} of ${last}, ${direction}${step ? ": " + step.sentence : ""}`;
    slider.value = at;
    slider.setAttribute("aria-valuetext", status.textContent);
    part("back").disabled = at === 0;
    part("next").disabled = at === last;
    if (at === last) stop();
    if (chosen >= 0) explain(chosen);
  }
  function explain(i) { // formula, local gradients, and the sum over the consumers of one node
    const node = nodes[i], box = part("detail"), { value, gradient } = state(at), given = [];
    chosen = i;
    cards.forEach((card, j) => card.setAttribute("aria-pressed", j === i));
    box.textContent = "";
    make("b", node.title, box);
    make("p", `value ${value[i] ? node.full : "not computed yet"}`, box);
    node.slopes.forEach(([by, formula, number]) => make("p", `local gradient ∂${node.name}/∂${by} = ${formula} = ${number}`, box));
    for (const step of steps.slice(0, at)) {
      if (step.kind === "seed" && step.node === i) given.push("1 (seed)");
      for (const p of step.parts) if (p.parent === i) given.push(`${p.local} × ${step.value} (through ${step.name})`);
    }
    const sum = given.length ? `${given.join(" + ")} = ${gradient[i]}` : node.kind === "constant" ? "none, it is a constant" : "none yet";
    make("p", `gradient: ${sum}`, box);
    box.hidden = false;
  }
  function stop() { clearTimeout(timer); timer = 0; play.textContent = "▶ Play"; play.setAttribute("aria-pressed", false); }
  function tick() { timer = setTimeout(() => { if (!root.isConnected) return stop(); tick(); go(at + 1); }, +part("speed").value); }
  function start() { if (at === last) go(0); play.textContent = "❚❚ Pause"; play.setAttribute("aria-pressed", true); tick(); }
  const by = n => { stop(); go(at + n); };

  part("next").onclick = () => by(1);
  part("back").onclick = () => by(-1);
  play.onclick = () => timer ? stop() : start();
  part("speed").onchange = () => { if (timer) { clearTimeout(timer); tick(); } };
  slider.max = last;
  slider.oninput = () => { stop(); go(+slider.value); };
  cards.forEach((card, i) => {
    card.setAttribute("tabindex", 0); card.setAttribute("role", "button"); card.classList.add("card");
    card.onclick = () => explain(i);
    card.onkeydown = e => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); explain(i); } };
  });
  root.tabIndex = 0;
  root.addEventListener("keydown", e => {
    const move = { ArrowRight: 1, ArrowLeft: -1, Home: -last, End: last }[e.key];
    if (!move || e.altKey || e.ctrlKey || e.metaKey || e.target === part("speed")) return;
    e.preventDefault(); e.stopPropagation(); by(move);
  });
  root.querySelectorAll("[hidden]").forEach(e => { if (e !== part("detail")) e.hidden = false; });
  go(0);
})(document.currentScript.closest(".autograd-stepper"))
