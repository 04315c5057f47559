// The playground: the package computes in Pyodide, and Viz.js lays out. Nothing is sent anywhere.

const root = document.getElementById("playground");
const part = name => root.querySelector(name);
const formula = part("#formula"), inputs = part("#inputs");
const status = part("[role=status]"), error = part("[role=alert]");
const WHAT = { Graphviz: 0.5, Python: 6.3, autograd_edu: 0.6 }; // compressed megabytes
let compute; // from a formula and its inputs to what the package says, once all is loaded

// ---- loading ------------------------------------------------------------------------------------

async function load() {
  const waiting = new Set(Object.keys(WHAT)), bar = part("progress");
  bar.max = sum(waiting);
  const tell = () => {
    bar.value = bar.max - sum(waiting);
    status.textContent = `Loading ${[...waiting].join(", ")} (${sum(waiting).toFixed(1)} MB) …`;
  };
  const wait = (name, promise) => promise.then(got => {
    waiting.delete(name);
    tell();
    return got;
  });
  tell();
  const [viz, pyodide, wheel, script] = await Promise.all([
    wait("Graphviz", import("./viz.js").then(({ instance }) => instance())),
    wait("Python", import("./pyodide.mjs").then(({ loadPyodide }) => loadPyodide())),
    wait("autograd_edu", read("autograd_edu.whl").then(answer => answer.arrayBuffer())),
    read("playground.py").then(answer => answer.text()),
  ]);
  pyodide.unpackArchive(wheel, "wheel");
  pyodide.runPython(script);
  pyodide.globals.get("lay_out_with")(dot => viz.renderString(dot, { format: "json0" }));
  compute = pyodide.globals.get("compute");
  bar.hidden = true;
}

function sum(names) {
  return [...names].reduce((all, name) => all + WHAT[name], 0);
}

async function read(file) {
  const answer = await fetch(new URL(file, import.meta.url));
  if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText}`);
  return answer;
}

// ---- a formula and its answer -------------------------------------------------------------------

function show() {
  history.replaceState(null, "", link());
  status.textContent = "";
  const answer = askPackage();
  complain(answer.error ?? "");
  part("#answer").hidden = Boolean(answer.error);
  if (answer.error) return;
  part("#graph").replaceChildren(withScripts(answer.picture));
  for (const name of ["forward", "backward"]) part(`#${name}`).replaceChildren(table(answer[name]));
  for (const name of ["check", "latex", "python"]) part(`#${name}`).textContent = answer[name];
  status.textContent = answer.result;
}

function askPackage() {
  try {
    return JSON.parse(compute(formula.value, inputs.value));
  } catch (problem) { // Python itself has stopped
    return { error: `The playground stopped; load the page again. ${problem.message}` };
  }
}

// The sentence wraps; the place in the formula, with carets below it, does not.
function complain(text) {
  const [sentence, ...place] = text.split("\n");
  error.textContent = place.map(line => `\n${line}`).join("");
  if (text) error.prepend(Object.assign(document.createElement("span"), { textContent: sentence }));
}

// Scripts in it run, as they would not by way of innerHTML.
function withScripts(html) {
  return document.createRange().createContextualFragment(html);
}

function table([head, ...rows]) {
  const made = document.createElement("table");
  const line = (cells, into, kind) => {
    const row = into.insertRow();
    cells.forEach((text, i) => {
      const cell = document.createElement(i ? kind : "th");
      cell.scope = kind === "th" ? "col" : "row";
      cell.textContent = text;
      row.append(cell);
    });
  };
  line(head, made.createTHead(), "th");
  const body = made.createTBody();
  for (const cells of rows) line(cells, body, "td");
  return made;
}

// ---- links and copies ---------------------------------------------------------------------------

function link() {
  const asked = new URLSearchParams({ formula: formula.value, inputs: inputs.value });
  return new URL(`#${asked}`, location.href).href;
}

// Whether the address holds a formula, which the fields then show.
function takeLink() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (!asked.has("formula")) return false;
  formula.value = asked.get("formula");
  inputs.value = asked.get("inputs") ?? "";
  return true;
}

const COPIES = {
  link,
  LaTeX: () => part("#latex").textContent,
  Python: () => part("#python").textContent,
};

async function copy(what) {
  try {
    await navigator.clipboard.writeText(COPIES[what]());
    status.textContent = `Copied: ${what}.`;
  } catch {
    status.textContent = "The browser does not let this page copy. The link is the page's address, "
      + "and the texts below can be selected.";
  }
}

// ---- starting -----------------------------------------------------------------------------------

takeLink();
try {
  await load();
  part("form").onsubmit = event => { event.preventDefault(); show(); };
  part("form button").disabled = false;
  addEventListener("hashchange", () => { if (takeLink()) show(); });
  for (const example of root.querySelectorAll(".examples button")) {
    example.disabled = false;
    example.onclick = () => {
      formula.value = example.dataset.formula;
      inputs.value = example.dataset.inputs;
      show();
    };
  }
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.onclick = () => copy(button.dataset.copy);
  }
  show();
} catch (problem) {
  status.textContent = "";
  complain(`The playground cannot start: ${problem.message}`);
}
