/** Starts the viewer of the page, or shows the drawn picture where the browser cannot. */
import { taken } from "./ahead.js";
import { Annotations } from "./annotations.js";
import { commandsOf, isOn, isPossible } from "./commands.js";
import { Findings } from "./findings.js";
import { Keys } from "./keys.js";
import { Pointer } from "./pointer.js";
import { prefetchNext } from "./prefetch.js";
import { Readout } from "./readout.js";
import { Tools } from "./tools.js";
import { Viewer } from "./viewer.js";

const root = document.querySelector("[data-views]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);

/** Shows the picture that the server drew, and why. */
function fallBack(reason) {
  root.dataset.state = "picture";
  part("stage").hidden = true;
  part("fallback").hidden = false;
  part("picture").src = part("picture").dataset.source;
  for (const why of part("fallback").querySelectorAll("[data-why]")) why.hidden = why.dataset.why !== reason;
}

/** @param {Error} error */
function report(error) {
  part("trouble").hidden = false;
  console.error(error);
}

async function start() {
  const canvas = part("canvas");
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, preserveDrawingBuffer: true });
  if (gl === null) return fallBack("webgl");
  canvas.addEventListener("webglcontextlost", () => fallBack("lost"));
  const { bytes } = await taken(`${root.dataset.views}/meta.json`);
  if (bytes === null) return fallBack("views");
  const viewer = assemble(gl, JSON.parse(new TextDecoder().decode(bytes)));
  root.viewer = viewer;
  await viewer.open();
  performance.mark("viewer-ready");
  root.dataset.state = "ready";
  viewer.annotations?.load().catch(report);
  return prefetchNext(root.dataset);
}

function assemble(gl, meta) {
  const list = document.querySelector("[data-part=annotations]");
  const surfaces = { canvas: part("canvas"), svg: part("marks"), labels: part("labels") };
  const viewer = new Viewer(surfaces, gl, meta, {
    views: root.dataset.views,
    findings: new Findings(document.querySelector("[data-part=findings]")),
    readout: new Readout(part("readout"), document.documentElement.lang),
    shown: () => reflect(viewer),
    failed: report,
  });
  const changed = () => viewer.changed();
  viewer.annotations = list && new Annotations(list, root.dataset.csrf, changed);
  viewer.tools = new Tools(viewer.annotations, part("note"), viewer.surface, changed, report);
  const commands = commandsOf(viewer, { help: () => part("help").showModal(), say: (text) => (part("spoken").textContent = text) });
  const run = (name) => {
    commands[name]();
    viewer.changed();
  };
  root.commands = commands;
  const keys = new Keys(document, run);
  new Pointer(viewer, keys);
  wire(viewer, run, keys);
  return viewer;
}

/** Buttons, sliders, the findings' list and the switch of the keys. */
function wire(viewer, run, keys) {
  for (const button of document.querySelectorAll("[data-command]")) {
    button.disabled = !isPossible(viewer, button.dataset.command);
    button.addEventListener("click", () => run(button.dataset.command));
  }
  viewer.findings.buttons.forEach((button, index) =>
    button.addEventListener("click", () => viewer.goTo(viewer.findings.choose(index))));
  const { look } = viewer;
  const set = {
    swipe: (value) => (look.split = value),
    blink: (value) => viewer.setBlinks(value),
    difference: (value) => (look.limits.difference = value),
    significance: (value) => (look.limits.significance = value),
  };
  for (const slider of root.querySelectorAll("[data-slider]"))
    slider.addEventListener("input", () => {
      set[slider.dataset.slider](slider.valueAsNumber);
      viewer.changed();
    });
  const choice = part("keys");
  choice.checked = keys.on;
  choice.addEventListener("change", () => keys.turn(choice.checked));
}

/** Buttons and sliders as things stand. */
function reflect(viewer) {
  for (const button of root.querySelectorAll("[data-command][aria-pressed]"))
    button.setAttribute("aria-pressed", String(isOn(viewer, button.dataset.command)));
  const { look } = viewer;
  const values = { swipe: look.split, blink: look.blinksPerSecond, ...look.limits };
  for (const slider of root.querySelectorAll("[data-slider]")) {
    slider.closest("[data-of-mode]").hidden = viewer.files || viewer.mode !== slider.dataset.slider;
    if (document.activeElement !== slider) slider.value = values[slider.dataset.slider];
  }
  for (const legend of root.querySelectorAll("[data-legend]")) legend.hidden = !isLegendOf(viewer, legend.dataset.legend);
  part("window").textContent = `${viewer.readout.number(look.range.low)} … ${viewer.readout.number(look.range.high)}`;
}

function isLegendOf({ look, mode, files }, legend) {
  if (legend === "blind") return look.blind && !files;
  if (legend === "dual") return look.dual && !files;
  return legend === mode && !files;
}

start().catch((error) => {
  report(error);
  fallBack("views");
});
