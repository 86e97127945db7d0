/** What part of the container is on the screen: a centre in metres and a scale; all panes share it. */

const BEYOND = 0.8; // of the view stays on what there is to see, when it is at an end
const FARTHEST = 0.5; // of the scale that shows everything
const NEAREST_PX_PER_M = 6000; // a pixel of 3 mm as 18 on the screen

export class View {
  /** @param {{x0: number, x1: number, z0: number, z1: number}} bounds what there is to see, metres */
  constructor(bounds) {
    this.bounds = bounds;
    this.whole = true;
    Object.assign(this, { x: (bounds.x0 + bounds.x1) / 2, z: (bounds.z0 + bounds.z1) / 2, scale: 100 });
  }

  /** Show everything; stays so until someone zooms or pans. */
  fit() {
    const { x0, x1, z0, z1 } = this.bounds;
    Object.assign(this, { x: (x0 + x1) / 2, z: (z0 + z1) / 2, scale: this.fitting, whole: true });
  }

  /** The panes have this size, pixels. */
  resize(width, height) {
    const { x0, x1, z0, z1 } = this.bounds;
    Object.assign(this, { width, height, fitting: 0.98 * Math.min(width / (x1 - x0), height / (z1 - z0)) });
    if (this.whole) this.fit();
  }

  /** Zoom by a factor so that the place (x, z) stays where it is. */
  zoom(factor, x = this.x, z = this.z) {
    const scale = Math.min(NEAREST_PX_PER_M, Math.max(this.fitting * FARTHEST, this.scale * factor));
    const part = this.scale / scale;
    this.x = x + (this.x - x) * part;
    this.z = z + (this.z - z) * part;
    this.scale = scale;
    this.#keepInside();
  }

  /** Move the picture by pixels: positive to the right and down. */
  pan(right, down) {
    this.x -= right / this.scale;
    this.z += down / this.scale;
    this.#keepInside();
  }

  /** Bring a box [x0, x1, z0, z1] into view, so that it takes a good part of it. */
  show([x0, x1, z0, z1]) {
    const wanted = 0.3 * Math.min(this.width / (x1 - x0), this.height / (z1 - z0));
    this.scale = Math.min(Math.max(wanted, this.fitting), NEAREST_PX_PER_M / 4);
    Object.assign(this, { x: (x0 + x1) / 2, z: (z0 + z1) / 2 });
    this.#keepInside();
  }

  /** One texel of this size a pixel, and texel centres on pixel centres of panes that begin at these pixels. */
  actual(layer, pane) {
    this.scale = 1 / layer.dx;
    const [x, z] = pane.toMetres(pane.x + 0.5, pane.y + 0.5);
    this.x += layer.x0 + (Math.round(layer.col(x) - 0.5) + 0.5) * layer.dx - x;
    this.z += layer.top - (Math.round(layer.row(z) - 0.5) + 0.5) * layer.dz - z;
    this.whole = false;
  }

  #keepInside() {
    const { x0, x1, z0, z1 } = this.bounds;
    this.x = inside(this.x, x0, x1, this.width / this.scale);
    this.z = inside(this.z, z0, z1, this.height / this.scale);
    this.whole = false;
  }
}

/** The centre of a piece of this size, so that hardly any of it lies beyond the ends. */
function inside(centre, low, high, size) {
  const room = Math.max(0, high - low - BEYOND * size) / 2, middle = (low + high) / 2;
  return Math.min(middle + room, Math.max(middle - room, centre));
}
