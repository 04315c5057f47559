// The window on the picture.

function makeView(frame, svg) {
  const width = svg.width.baseVal.value;

  // The scale without regard to a step: the whole width, if that stays easy to read.
  function usual() {
    const whole = (frame.clientWidth - 8) / width;
    return whole < 0.75 ? 1 : Math.min(whole, 1);
  }

  // Show all of the part where a step happens, and move no more than needed.
  function reveal(part) {
    const [left, top, right, bottom] = part || [0, 0, 1, 1];
    const needs = [(frame.clientWidth - 8) / (right - left), innerHeight * 0.55 / (bottom - top)];
    const zoom = Math.min(usual(), ...needs);
    svg.style.width = `${width * zoom}px`;
    if (!part) return;
    frame.scrollLeft = nearest(frame.scrollLeft, left * zoom, right * zoom + 8, frame.clientWidth);
    frame.scrollTop = nearest(frame.scrollTop, top * zoom, bottom * zoom + 32, frame.clientHeight);
  }

  const nearest = (at, start, end, size) => Math.max(Math.min(at, start), end - size);

  return { reveal };
}
