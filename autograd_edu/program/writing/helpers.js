// What rules compute with and JavaScript lacks. Programs and pages take the functions they call.

// The sum of some numbers, rounded once: partial sums keep what each addition loses
// (Shewchuk 1997).
function sum(numbers) {
  let partials = [];
  for (let x of numbers) {
    const kept = [];
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y, low = y - (high - x);
      if (low) kept.push(low);
      x = high;
    }
    partials = [...kept, x];
  }
  if (!partials.every(Number.isFinite)) return numbers.reduce((a, b) => a + b, 0);
  let total = 0, rest = 0;
  while (partials.length && !rest) {
    const x = partials.pop(), high = total + x;
    rest = x - (high - total);
    total = high;
  }
  // Half-way between two floats, the partials that are left decide which one is nearer.
  const below = partials.pop() ?? 0, further = total + 2 * rest;
  return rest * below > 0 && further - total === 2 * rest ? further : total;
}

// erf(x), near 0 by its series.
function erf(x) {
  if (Math.abs(x) > 1) return 1 - erfc(x);
  let term = x, sum = x;
  for (let n = 1; n < 30; n++) { term *= (-x * x) / n; sum += term / (2 * n + 1); }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

// 1 - erf(x), to its last digits in the tail too: the midpoint rule for
// 2x·exp(-x²)/π · ∫ exp(-t²)/(t² + x²) dt over t > 0, and the residue of its pole
// while that is near (Matta and Reichel 1971).
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  if (x > 28) return 0;
  const high = Math.fround(x); // its square is exact, so that exp does not enlarge a rounding
  const decay = Math.exp(-high * high) * Math.exp((high - x) * (high + x));
  let area = 0;
  for (let t = 0.25; t < 6.5; t += 0.5) area += Math.exp(-t * t) / (t * t + x * x);
  const residue = x < 2 * Math.PI ? 2 / (1 + Math.exp(4 * Math.PI * x)) : 0;
  return (x * decay * area) / Math.PI + residue;
}

// The remainder with the sign of b.
function mod(a, b) {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}
