// The elements of the picture that change.

const CHARACTER = 7.25, SMALL = 6.7; // widths of the two monospaced sizes, in pixels

// In a step, most elements do not change.
function changes(own, ...facts) {
  const before = own.facts;
  own.facts = facts.join();
  return own.facts !== before;
}

const mark = (element, name, is) => element.classList.toggle(name, Boolean(is));

function svgElement(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  element.textContent = text;
  return element;
}

// A number in so many pixels, which may have to be squeezed; `end` is its right end.
function write(text, what, room, end) {
  const length = Math.min(what.length * CHARACTER, room);
  text.textContent = what;
  text.setAttribute("textLength", length);
  text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  if (end !== undefined) text.setAttribute("x", end - length);
}

function card(group, i, { nodes, isInput, canNudge }) {
  // What Python drew beside the numbers is drawn anew: it changes.
  group.querySelectorAll("rect + rect, [data-part]").forEach(element => element.remove());
  const [title, value, gradient] = group.querySelectorAll("text");
  nodes[i].title = title.textContent;
  const [x, y] = numbersIn(group.getAttribute("transform"));
  const rect = group.querySelector("rect"), split = group.querySelector("path");
  const [width, height] = ["width", "height"].map(key => +rect.getAttribute(key));
  const half = width / 2, head = 21;
  const size = { x: half, y: head, width: half, height: height - head, class: "cell" };
  const cell = svgElement("rect", size);
  rect.after(cell);
  rect.classList.add("frame");
  split.setAttribute("d", `M0 ${head}H${width}M${half} ${head}V${height}`);
  const above = svgElement("text", { x: 2, y: -5, class: "small above" });
  const end = { x: width, y: height + 13, class: "small below", "text-anchor": "end" };
  const below = svgElement("text", end);
  group.append(above, below);
  if (isInput(i) && canNudge) group.append(handle(width - 4, 11));
  group.classList.add("card");
  group.prepend(svgElement("title", {}));
  mark(group, "leaf", isInput(i));
  gradient.classList.add("gradient");
  return { group, value, gradient, cell, above, below, half, x, y, width, height };
}

const numbersIn = text => text.match(/-?[\d.]+/g).map(Number);

function handle(x, y) {
  const d = `M${x - 12} ${y - 4}l-5 4l5 4zM${x - 7} ${y - 4}l5 4l-5 4z`;
  return svgElement("path", { class: "handle", d });
}

function line(group) {
  const [curve, tip] = group.querySelectorAll("path"), text = group.querySelector("text");
  const ribbon = svgElement("path", { d: curve.getAttribute("d"), class: "ribbon" });
  const back = svgElement("path", { d: backTip(curve, tip), class: "back" });
  curve.classList.add("curve");
  tip.classList.add("there");
  group.prepend(ribbon);
  group.append(back);
  const middle = text && ["x", "y"].map(key => +text.getAttribute(key)); // with room for a chip
  if (text) text.setAttribute("x", nearTo(curve, middle[0]));
  return { group, ribbon, text, middle };
}

// A place near the wire for its number.
function nearTo(curve, x) {
  const on = curve.getPointAtLength(curve.getTotalLength() / 2).x;
  return on + Math.max(-30, Math.min(30, x - on));
}

// A second arrow, at the tail, for the backward pass.
function backTip(curve, tip) {
  const n = numbersIn(curve.getAttribute("d")), dx = n[0] - n[2], dy = n[1] - n[3];
  const size = 9 / (Math.hypot(dx, dy) || 1), u = dx * size, v = dy * size;
  const corners = `${n[0] - u - v / 2} ${n[1] - v + u / 2}L${n[0] - u + v / 2} ${n[1] - v - u / 2}`;
  const end = tip.getAttribute("d").slice(1).split("L")[0];
  return `M${n[0]} ${n[1]}L${corners}ZM${n.slice(-2).join(" ")}L${end}`;
}
