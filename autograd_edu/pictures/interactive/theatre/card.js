// The card of a unit: its formula with the numbers of the chosen sample, and a row for each weight.

const low = i => String(i).replace(/\d/g, digit => "₀₁₂₃₄₅₆₇₈₉"[digit]);
const high = i => String(i).replace(/\d/g, digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
const inputName = (i, count) => count > 1 ? `x${low(i + 1)}` : "x";
const unitName = (k, j) => `h${low(j + 1)}⁽${high(k + 1)}⁾`;

// What a picture of steps begins with.
function originOf({ k, j, i }, sizes) {
  const name = k ? unitName(k - 1, i) : inputName(i, sizes[0]);
  return `From w${low(i + 1)}·${name}, a product of unit ${j + 1} of layer ${k + 1}, to the loss L`;
}

function cardOf({ k, j }, { sizes, names, classes, steps }, layers, pass) {
  const { weights, bias } = layers[k].neurons[j], { inputs, z, h, slopes, gradH, gradZ } = pass.layers[k];
  const last = k === sizes.length - 2, several = last && sizes[k + 1] > 1, phi = names[k];
  const called = last ? `ŷ${several ? low(j + 1) : ""}` : unitName(k, j);
  const of = several && classes ? `, for class ${j}` : "", open = Boolean(steps?.[k]);
  const value = x => `<b class="value">${short(x)}</b>`;
  const gradient = x => `<i class="gradient">${short(x)}</i>`;
  const product = i => `w${low(i + 1)}·${k ? unitName(k - 1, i) : inputName(i, sizes[0])}`;

  const cells = numbers => numbers.map(text => `<td>${text}</td>`).join("");
  const line = (name, numbers) => `<tr><th scope="row">${name}</th>${cells(numbers)}</tr>`;
  function row(weight, i) {
    const tab = i ? -1 : 0, text = product(i), numbers = [weight, inputs[i], weight * inputs[i]];
    const button = `<button type="button" data-row="${i}" tabindex="${tab}">${text}</button>`;
    return line(open ? button : text, [...numbers.map(value), gradient(gradZ[j] * inputs[i])]);
  }
  const linear = phi === "linear", ends = [...new Set([0, weights.length - 1])].map(product);
  const sum = ends.join(weights.length > 2 ? " + … + " : " + ");
  const result = linear
    ? `${called} = z = ${value(h[j])}`
    : `${called} = ${phi}(z) = ${phi}(${short(z[j])}) = ${value(h[j])}`;
  const back = linear
    ? `∂L/∂z = ∂L/∂${called} = ${gradient(gradZ[j])}`
    : `∂L/∂z = ∂L/∂${called} · ${phi}′(z) = ${gradient(gradH[j])} · ${short(slopes[j])}`
      + ` = ${gradient(gradZ[j])}`;
  const heads = ["product", "weight", "input", "weight · input", "∂L/∂w"];
  return `<p class="title">${called}: unit ${j + 1} of layer ${k + 1}${of}, with the chosen sample</p>`
    + `<p>z = ${sum} + b = ${value(z[j])}</p><p>${result}</p><p>${back}</p>`
    + '<div class="rows" tabindex="0" role="group" aria-label="The products of the unit"><table>'
    + `<thead><tr>${heads.map(text => `<th scope="col">${text}</th>`).join("")}</tr></thead>`
    + `<tbody>${Array.from(weights, row).join("")}`
    + `${line("b", [value(bias), "", value(bias), gradient(gradZ[j])])}</tbody></table></div>`
    + `<p class="key">∂L/∂w = ∂L/∂z · input. ${hintOf(steps, k)} <b class="value">Upright: values.</b>`
    + ' <i class="gradient">Slanted: gradients of L, the loss of this sample.</i></p>';
}

function hintOf(steps, k) {
  if (!steps) return "Save the recording as a page to step through products, too.";
  return steps[k] ? "Click a product to step through its pass to the loss."
    : "The pass from here to the loss is too long to step through.";
}
