/** The ways to look at two scans: which layers go into which pane. */
import { Pane } from "./pane.js";

const GAP = 6; // pixels between panes
const ORIGIN_BITS = 3, RESCAN_BITS = 12; // of the blind layer

/** Layers that a mode cannot do without. */
export const NEEDED = {
  both: ["origin", "rescan"],
  swipe: ["origin", "rescan"],
  blink: ["origin", "rescan"],
  overlay: ["origin", "rescan"],
  difference: ["difference"],
  significance: ["significance"],
  origin: ["origin"],
  rescan: ["rescan"],
};

/** Whether the container has what a mode needs. */
export function possible(mode, layers) {
  return NEEDED[mode].every((name) => name in layers);
}

/**
 * The panes of a mode.
 * @param {string} mode a key of NEEDED
 * @param {object} layers by name
 * @param {{width: number, height: number, view: object, flipped: boolean}} canvas flipped: blink shows the rescan
 */
export function panesOf(mode, layers, { width, height, view, flipped }) {
  const whole = { x: 0, y: 0, width, height };
  const scan = (area, name) => new Pane(area, view, oneScan(layers, name));
  switch (mode) {
    case "both": {
      const [one, other] = halves(whole, view.bounds);
      return [scan(one, "origin"), scan(other, "rescan")];
    }
    case "blink":
      return [scan(whole, flipped ? "rescan" : "origin")];
    case "origin":
    case "rescan":
      return [scan(whole, mode)];
    default:
      return [new Pane(whole, view, compared(layers, mode))];
  }
}

/** The panes of the files as delivered, one or both. */
export function panesOfFiles(layers, { width, height, views }) {
  const names = ["origin_file", "rescan_file"].filter((name) => name in layers);
  const whole = { x: 0, y: 0, width, height };
  const areas = names.length === 2 ? halves(whole, layers[names[0]].bounds) : [whole];
  return names.map((name, index) => new Pane(areas[index], views[name], {
    kind: "scan", label: name, layers: { first: layers[name] }, blindBits: 0,
  }));
}

/** The layer of a scan's second energy, lower or higher than the one compared; undefined where there is none. */
export function otherEnergy(layers, scan) {
  return layers[`${scan}_low`] ?? layers[`${scan}_high`];
}

function isHigher(layers, scan) {
  return `${scan}_high` in layers ? 1 : 0;
}

/** Two halves above each other or beside each other, whichever shows more. */
function halves({ width, height }, { x0, x1, z0, z1 }) {
  const wide = Math.floor((width - GAP) / 2), high = Math.floor((height - GAP) / 2);
  const scale = (paneWidth, paneHeight) => Math.min(paneWidth / (x1 - x0), paneHeight / (z1 - z0));
  return scale(width, high) >= scale(wide, height)
    ? [{ x: 0, y: 0, width, height: high }, { x: 0, y: high + GAP, width, height: high }]
    : [{ x: 0, y: 0, width: wide, height }, { x: wide + GAP, y: 0, width: wide, height }];
}

function oneScan(layers, name) {
  return {
    kind: "scan", label: name, blindBits: name === "origin" ? ORIGIN_BITS : RESCAN_BITS, scan: name,
    otherIsHigher: [isHigher(layers, name), isHigher(layers, name)],
    layers: { first: layers[name], firstOther: otherEnergy(layers, name), blind: layers.blind },
  };
}

function compared(layers, mode) {
  return {
    kind: mode, label: mode, blindBits: ORIGIN_BITS | RESCAN_BITS,
    otherIsHigher: [isHigher(layers, "origin"), isHigher(layers, "rescan")],
    layers: {
      first: layers.origin, second: layers.rescan, firstOther: otherEnergy(layers, "origin"), secondOther: otherEnergy(layers, "rescan"),
      map: layers[mode], blind: layers.blind,
    },
  };
}
