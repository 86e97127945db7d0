/** A layer of 16-bit tiles: where its texels lie, and what their codes stand for (docs/viewer.md). */
export class Layer {
  /**
   * @param {string} name
   * @param {object} told its entry in meta.json
   * @param {number} tile edge of a whole tile, texels
   */
  constructor(name, told, tile) {
    Object.assign(this, { name, tile, quantity: told.quantity, rows: told.rows, cols: told.cols });
    Object.assign(this, { x0: told.x0_m, top: told.top_m, dx: told.dx_m, dz: told.dz_m });
    Object.assign(this, { scale: told.scale, offset: told.offset, flipped: told.flipped === true });
    this.effective = told.effective_cm2_g;
    this.hardening = told.hardening ?? 0;
    this.air = told.quantity === "counts" ? { dark: told.dark, span: told.air - told.dark } : null;
    this.tileRows = Math.ceil(this.rows / tile);
    this.tileCols = Math.ceil(this.cols / tile);
    /** @type {Map<number, Uint16Array>} codes by number of the tile, as far as they have arrived */
    this.codes = new Map();
    /** @type {Map<number, Uint16Array>} the same halved, of a layer that came halved first */
    this.halved = new Map();
    this.finest = 0; // level that can be drawn: 1 while only halved tiles are here
  }

  /** Its outline in metres. */
  get bounds() {
    return { x0: this.x0, x1: this.x0 + this.cols * this.dx, z0: this.top - this.rows * this.dz, z1: this.top };
  }

  /** Fractional column (texel edges) at x metres. */
  col(x) {
    return (x - this.x0) / this.dx;
  }

  /** Fractional row (texel edges) at z metres. */
  row(z) {
    return (this.top - z) / this.dz;
  }

  /** Metres [x0, x1, z0, z1] of a half-open box of texels [row0, row1, col0, col1]. */
  metres([row0, row1, col0, col1]) {
    return [this.x0 + col0 * this.dx, this.x0 + col1 * this.dx, this.top - row1 * this.dz, this.top - row0 * this.dz];
  }

  /** Rows and columns of a tile, whole (level 0) or halved (1): those at the edges are smaller. */
  sizeOf(tileRow, tileCol, level = 0) {
    return [this.rows - tileRow * this.tile, this.cols - tileCol * this.tile]
      .map((left) => (Math.min(this.tile, left) + level) >> level);
  }

  /** The code at whole row and column of a level; 0, nothing here, outside and where the tile has not arrived. */
  code(row, col, level = 0) {
    if (row < 0 || col < 0 || row << level >= this.rows || col << level >= this.cols) return 0;
    const tile = this.tile >> level, tileRow = Math.floor(row / tile), tileCol = Math.floor(col / tile);
    const codes = (level === 0 ? this.codes : this.halved).get(tileRow * this.tileCols + tileCol);
    if (codes === undefined) return 0;
    const [, width] = this.sizeOf(tileRow, tileCol, level);
    return codes[(row - tileRow * tile) * width + col - tileCol * tile];
  }

  /** The value at a place: attenuation also for counts; null where there is nothing. Halved only where asked. */
  at(x, z, level = 0) {
    const code = this.code(Math.floor(this.row(z) / 2 ** level), Math.floor(this.col(x) / 2 ** level), level);
    return code === 0 && this.quantity !== "flags" ? null : this.value(code);
  }

  /** What a code stands for; counts become attenuation. */
  value(code) {
    const value = this.offset + this.scale * code;
    return this.air === null ? value : -Math.log(Math.max((value - this.air.dark) / this.air.span, 1e-5));
  }

  /** Mass thickness, g/cm2, behind an attenuation; null where the scan is not calibrated. */
  mass(attenuation) {
    if (this.effective === undefined || attenuation === null) return null;
    return (attenuation * (1 + this.hardening * attenuation)) / this.effective;
  }
}
