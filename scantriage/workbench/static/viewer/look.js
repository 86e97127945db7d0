/** How attenuation becomes grey and colour: window and level, scale, colours, and where a mode stands. */

/** Ranges of attenuation [low, high]: what is to be told apart. */
export const PRESETS = { air: [-0.05, 0.6], cargo: [0, 2.5], dense: [1.5, 6] };
const NARROWEST = 0.01; // of attenuation or transmission

export class Look {
  constructor() {
    Object.assign(this, { linear: false, inverted: false, pseudo: false, dual: false, sharpened: false });
    Object.assign(this, { lens: false, blind: true, cursor: null, ratio: 1 });
    Object.assign(this, { split: 0.5, blinksPerSecond: 2, limits: { difference: 0.4, significance: 5 } });
    this.ranges = { log: { low: 0, high: 2.5 }, linear: { low: 0, high: 1 } };
  }

  /** The window in force: attenuation on the log scale, transmission on the linear one. */
  get range() {
    return this.ranges[this.linear ? "linear" : "log"];
  }

  /** Show a range of attenuation. */
  show([low, high]) {
    this.ranges.log = { low, high };
    this.ranges.linear = { low: Math.exp(-high), high: Math.min(1.05, Math.exp(-low)) };
  }

  /**
   * Move and widen the window by parts of itself.
   * @param {number} level positive: brighter
   * @param {number} width positive: wider, less contrast
   */
  adjust(level, width) {
    const range = this.range, span = range.high - range.low;
    const half = Math.max(NARROWEST, span * Math.exp(width)) / 2;
    const centre = (range.low + range.high) / 2 + (this.linear ? -level : level) * span;
    Object.assign(range, { low: centre - half, high: centre + half });
  }

  /** Exactly one way to colour at a time. @param {"pseudo" | "dual"} way */
  colour(way) {
    const other = way === "pseudo" ? "dual" : "pseudo";
    this[way] = !this[way];
    this[other] = false;
  }
}

/** The range of attenuation of what is in view: from the 1st to the 99th of a hundred parts. */
export function rangeInView(pane) {
  const layer = pane.layers.second ?? pane.layers.first, values = [];
  const step = 12; // pixels: 4,000 values of a pane are plenty
  // zoomed out, from halved codes also when the whole ones are here: the window is the same before and after
  const level = layer.halved.size > 0 && layer.dx * pane.view.scale < 1 ? 1 : layer.finest;
  for (let down = pane.y; down < pane.y + pane.height; down += step)
    for (let right = pane.x; right < pane.x + pane.width; right += step) {
      const value = layer.at(...pane.toMetres(right, down), level);
      if (value !== null) values.push(value);
    }
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const [low, high] = [0.01, 0.99].map((part) => sorted[Math.floor(part * (sorted.length - 1))]);
  return [low, Math.max(high, low + NARROWEST)];
}
