/** A rectangle of the canvas that shows the container, pixels from the canvas's upper left corner. */
export class Pane {
  /**
   * @param {{x: number, y: number, width: number, height: number}} area
   * @param {import("./view.js").View} view
   * @param {{kind: string, layers: object, label: string, blindBits: number}} shown kind: see shader.js
   */
  constructor(area, view, shown) {
    Object.assign(this, area, shown, { view });
  }

  /** Pixel of a place in metres. */
  toScreen(x, z) {
    return [
      this.x + this.width / 2 + (x - this.view.x) * this.view.scale,
      this.y + this.height / 2 - (z - this.view.z) * this.view.scale,
    ];
  }

  /** Place in metres of a pixel. */
  toMetres(right, down) {
    return [
      this.view.x + (right - this.x - this.width / 2) / this.view.scale,
      this.view.z - (down - this.y - this.height / 2) / this.view.scale,
    ];
  }

  /** Whether a pixel lies inside. */
  holds(right, down) {
    return right >= this.x && right < this.x + this.width && down >= this.y && down < this.y + this.height;
  }
}
