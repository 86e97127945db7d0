/** What each command of the page does (data-command on its buttons), and which of them are on. */
import { PRESETS } from "./look.js";
import { NEEDED, otherEnergy, possible } from "./modes.js";

const PAN_PX = 60, ZOOM = 1.3, WINDOW_STEP = 0.08, CURSOR_PX = 1;
const TOOLS = ["read", "ruler", "box", "point", "polygon", "text"];
const TOGGLES = { linear: "linear", invert: "inverted", pseudo: "pseudo", sharpen: "sharpened", blind: "blind", lens: "lens" };
export const MOST_BLINKS = 6; // changes a second: three flashes, the most that is safe (WCAG 2.3.1)

/**
 * Functions by name of the command.
 * @param {import("./viewer.js").Viewer} viewer
 * @param {{help: () => void, say: (text: string) => void}} page
 */
export function commandsOf(viewer, page) {
  const { look, tools, findings } = viewer;
  const pane = () => look.cursor?.pane ?? viewer.panes[0];
  const step = (by) => () => {
    const box = findings.step(by);
    if (box === null) return;
    viewer.goTo(box);
    page.say(findings.sentence);
  };
  const commands = {
    originals: () => viewer.toggleFiles(),
    flip: () => viewer.flip(),
    fit: () => viewer.panes.forEach(({ view }) => view.fit()),
    actual: () => viewer.panes.slice(0, 1).forEach((one) => one.view.actual(one.layers.first, one)),
    closer: () => pane().view.zoom(ZOOM),
    farther: () => pane().view.zoom(1 / ZOOM),
    ...moves(viewer, pane),
    ...windows(viewer),
    dual: () => viewer.toggleDual(),
    less: () => adjust(viewer, -1),
    more: () => adjust(viewer, 1),
    next: step(1),
    previous: step(-1),
    place: () => placePoint(viewer),
    cancel: () => tools.cancel(),
    help: page.help,
  };
  for (const mode of Object.keys(NEEDED)) commands[`mode-${mode}`] = () => viewer.setMode(mode);
  for (const tool of TOOLS) commands[`tool-${tool}`] = () => tools.take(tool);
  for (const [name, field] of Object.entries(TOGGLES)) {
    commands[name] = () => (field === "pseudo" ? look.colour("pseudo") : (look[field] = !look[field]));
  }
  return commands;
}

/** Whether a command that can be on is on; undefined for one that just happens. */
export function isOn(viewer, command) {
  const { look } = viewer, [group, name] = command.split("-");
  if (group === "mode") return !viewer.files && viewer.mode === name;
  if (group === "tool") return viewer.tools.name === name;
  if (command === "originals") return viewer.files;
  if (command === "dual") return look.dual;
  return command in TOGGLES ? look[TOGGLES[command]] : undefined;
}

/** Whether the container has what a command needs. */
export function isPossible(viewer, command) {
  const { layers } = viewer, [group, name] = command.split("-");
  if (group === "mode") return possible(name, layers);
  if (command === "flip") return possible("blink", layers);
  if (command === "originals") return Object.keys(viewer.fileViews).length > 0;
  if (command === "dual") return ["origin", "rescan"].some((scan) => otherEnergy(layers, scan) !== undefined);
  if (command === "next" || command === "previous") return viewer.findings.buttons.length > 0;
  if (command === "blind") return "blind" in layers;
  return true;
}

function moves(viewer, pane) {
  const move = (right, down) => () => {
    if (viewer.tools.name) moveCursor(viewer, right, down);
    else pane().view.pan(-right * PAN_PX, -down * PAN_PX);
  };
  const far = (right, down) => move(10 * right, 10 * down);
  return {
    left: move(-1, 0), right: move(1, 0), up: move(0, -1), down: move(0, 1),
    "far-left": far(-1, 0), "far-right": far(1, 0), "far-up": far(0, -1), "far-down": far(0, 1),
  };
}

function windows(viewer) {
  const { look } = viewer;
  const presets = Object.entries(PRESETS).map(([name, range]) => [`window-${name}`, () => look.show(range)]);
  return {
    ...Object.fromEntries(presets),
    "window-auto": () => viewer.fitWindow(),
    brighter: () => look.adjust(WINDOW_STEP, 0),
    darker: () => look.adjust(-WINDOW_STEP, 0),
    wider: () => look.adjust(0, WINDOW_STEP),
    narrower: () => look.adjust(0, -WINDOW_STEP),
  };
}

/** Move the crosshair by pixels; it begins in the middle. */
function moveCursor(viewer, right, down) {
  const { look } = viewer, pane = look.cursor?.pane ?? viewer.panes[0];
  const [x, z] = look.cursor ? [look.cursor.x, look.cursor.z] : [pane.view.x, pane.view.z];
  const [px, py] = pane.toScreen(x, z), step = CURSOR_PX * look.ratio;
  const inside = (value, low, size) => Math.min(low + size - 1, Math.max(low, value));
  viewer.point(
    pane, inside(px + right * step, pane.x, pane.width), inside(py + down * step, pane.y, pane.height),
  );
  viewer.tools.move([look.cursor.x, look.cursor.z]);
}

/** Set a point of the tool in hand where the crosshair is; on the first corner of a polygon it closes. */
function placePoint(viewer) {
  const { tools, look } = viewer;
  if (!tools.draft || !look.cursor) return;
  const last = tools.draft.points.at(-1), here = [look.cursor.x, look.cursor.z];
  if (last && last[0] === here[0] && last[1] === here[1]) tools.close();
  else tools.press(here);
}

/** What the mode can be adjusted in: the line of a swipe, the pace of a blink, how soon colours are full. */
function adjust(viewer, by) {
  const { look, mode } = viewer;
  if (mode === "swipe") look.split = Math.min(1, Math.max(0, look.split + 0.05 * by));
  else if (mode === "blink") viewer.setBlinks(Math.min(MOST_BLINKS, Math.max(0, look.blinksPerSecond + by)));
  else if (mode in look.limits) look.limits[mode] = look.limits[mode] * 1.25 ** by;
}
