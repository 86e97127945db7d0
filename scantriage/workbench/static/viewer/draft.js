/** A shape while it is being drawn, in metres: by clicks, or by one drag where two points are enough. */

const POINTS = { ruler: 2, box: 2, point: 1, text: 1, polygon: Infinity };
const FEWEST_CORNERS = 3;

export class Draft {
  /** @param {"ruler" | "box" | "point" | "text" | "polygon"} shape */
  constructor(shape) {
    Object.assign(this, { shape, points: [], hover: null });
  }

  /** Whether no point is missing. */
  get complete() {
    return this.points.length >= POINTS[this.shape];
  }

  /** The points drawn so far, with the one under the pointer. */
  get outline() {
    return this.hover === null || this.complete ? this.points : [...this.points, this.hover];
  }

  /** Set the next point; one on the same place as the last is not another. */
  press(point) {
    const last = this.points.at(-1);
    if (last === undefined || last[0] !== point[0] || last[1] !== point[1]) this.points.push(point);
  }

  /** Close a polygon; false where it has too few corners. */
  close() {
    return this.shape === "polygon" && this.points.length >= FEWEST_CORNERS;
  }
}

/** Length of a ruler, metres. */
export function lengthOf([[x0, z0], [x1, z1]]) {
  return Math.hypot(x1 - x0, z1 - z0);
}
