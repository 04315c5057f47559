// On the wires of a backward step: local gradient × upstream gradient = share.

const LONGEST = 17; // characters of a line: more would lie on the cards at both ends

function makeChips(parent, lines, words) {
  const layer = svgElement("g", { "data-part": "chips" });
  parent.append(layer);

  function show({ step, locals, way }) {
    layer.textContent = "";
    if (way !== "backward") return;
    const parts = step.gives.filter(part => lines[part.wire].middle);
    apart(parts.map(part => chip(part, step, locals, parts.length <= 3))).forEach(draw);
  }

  // In symbols above and in numbers below, where that fits between the cards.
  function chip({ wire, share, before }, step, locals, few) {
    const sign = before === null ? "" : "+= ", { slope } = words.wire(wire);
    const symbols = `${sign}${slope} · ${words.by(step.node)}`, is = `= ${short(share)}`;
    const factors = `${bracketed(locals[wire])} · ${bracketed(step.upstream)}`;
    const numbers = factors.length + is.length < LONGEST ? [`${factors} ${is}`] : [factors, is];
    const texts = few && symbols.length <= LONGEST ? [symbols, ...numbers] : numbers;
    const [x, y] = lines[wire].middle, height = 14 * texts.length + 4;
    const width = Math.max(...texts.map(text => text.length)) * SMALL + 10;
    return { texts, x, y: y - 4 - height / 2, width, height };
  }

  function apart(boxes) {
    boxes.sort((a, b) => a.y - b.y || a.x - b.x).forEach((box, k) => {
      for (const other of boxes.slice(0, k)) {
        const way = box.x < other.x ? -1 : 1;
        const aside = (box.width + other.width) / 2 - Math.abs(box.x - other.x) + 3;
        const down = other.y + other.height - box.y + 3;
        if (aside > 0 && down > 0) aside < down ? box.x += way * aside : box.y += down;
      }
    });
    return boxes;
  }

  function draw({ texts, x, y, width, height }) {
    const group = svgElement("g", { class: "chip" });
    group.append(svgElement("rect", { x: x - width / 2, y, width, height, rx: 5 }));
    texts.forEach((text, k) => {
      const place = { x, y: y + 13 + 14 * k, "text-anchor": "middle", class: "small" };
      group.append(svgElement("text", place, text));
    });
    layer.append(group);
  }

  return show;
}
