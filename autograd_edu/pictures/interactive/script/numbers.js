// Numbers as text, as Python's `short` writes them.

function short(x) {
  if (!Number.isFinite(x)) return { Infinity: "inf", "-Infinity": "-inf" }[x] || "nan";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x + 0); // -0 is written 0
  const [mantissa, exponent] = rounded(x);
  if (exponent >= -4 && exponent < short.digits) return String(+`${mantissa}e${exponent}`);
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${+mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
}
short.digits = 4;

// Mantissa and exponent. At a tie, JavaScript rounds up, Python to the even digit.
function rounded(x) {
  const [exact, exponent] = x.toExponential(60).split("e");
  const kept = exact.slice(0, exact.indexOf(".") + short.digits), rest = exact.slice(kept.length);
  const even = /^50*$/.test(rest) && /[02468]\.?$/.test(kept);
  if (even) return [kept, +exponent];
  const [mantissa, power] = x.toExponential(short.digits - 1).split("e");
  return [mantissa, +power];
}

function bracketed(x) {
  const text = short(x);
  return text.startsWith("-") ? `(${text})` : text;
}

function change(x) {
  const text = short(x);
  return text.startsWith("-") || text === "0" ? text : `+${text}`;
}

// One step of the arrow keys at x: about a hundredth of its size.
function unitAt(x) {
  const size = x ? Math.floor(Math.log10(Math.abs(x))) : 0;
  return 10 ** ((size === -1 ? 0 : size) - 2);
}
