/** Fetches the tiles of layers and lays them into textures: one slice of an array texture for each tile. */
import { Halver, LEVELS } from "./halver.js";

const WHOLE = 2 ** LEVELS; // texels: sizes that halve without a remainder

export class Tiles {
  /**
   * @param {WebGL2RenderingContext} gl
   * @param {string} views address of the container's views
   * @param {() => void} arrived called after each tile
   */
  constructor(gl, views, arrived) {
    Object.assign(this, { gl, views, arrived });
    this.textures = new Map();
    /** @type {Map<string, object[]>} slices whose halved levels are still to be made, by layer */
    this.whole = new Map();
    this.loading = new Map();
  }

  /** The texture of a layer; null until its first tile has arrived. */
  texture(layer) {
    return layer === undefined ? null : (this.textures.get(layer.name) ?? null);
  }

  /** Fetch a layer, once; resolves when all of it is on the screen's side. */
  load(layer) {
    if (!this.loading.has(layer.name)) {
      const tiles = [];
      for (let row = 0; row < layer.tileRows; row++)
        for (let col = 0; col < layer.tileCols; col++) tiles.push(this.#tile(layer, row, col));
      this.loading.set(layer.name, Promise.all(tiles));
    }
    return this.loading.get(layer.name);
  }

  async #tile(layer, row, col) {
    const answer = await fetch(`${this.views}/${layer.name}/${row}/${col}.bin`);
    if (!answer.ok) throw new Error(`${layer.name} ${row}/${col}: ${answer.status}`);
    const codes = new Uint16Array(await answer.arrayBuffer());
    if (layer.air) liftZeros(codes);
    const slice = row * layer.tileCols + col;
    layer.codes.set(slice, codes);
    this.#upload(layer, slice, layer.sizeOf(row, col), codes);
    this.arrived();
  }

  #upload(layer, slice, [rows, cols], codes) {
    const gl = this.gl;
    if (!this.textures.has(layer.name)) this.textures.set(layer.name, this.#allocate(layer));
    const texture = this.textures.get(layer.name);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2);
    gl.texSubImage3D(
      gl.TEXTURE_2D_ARRAY, 0, 0, 0, slice, cols, rows, 1, gl.RED_INTEGER, gl.UNSIGNED_SHORT, codes,
    );
    const whole = this.whole.get(layer.name) ?? [];
    this.whole.set(layer.name, [...whole, { slice, rows, cols, flags: layer.quantity === "flags" }]);
  }

  /** Make the halved levels of what has arrived of a layer; only somebody who zooms out needs them. */
  halve(layer) {
    this.halver ??= new Halver(this.gl);
    for (const slice of this.whole.get(layer.name) ?? []) this.halver.halve(this.textures.get(layer.name), slice);
    this.whole.delete(layer.name);
  }

  #allocate(layer) {
    const gl = this.gl, slices = layer.tileRows * layer.tileCols;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    const [rows, cols] = [layer.rows, layer.cols].map((size) => Math.min(layer.tile, Math.ceil(size / WHOLE) * WHOLE));
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, LEVELS, gl.R16UI, cols, rows, slices);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.NEAREST_MIPMAP_NEAREST);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    return texture;
  }
}

/** No counts at all are counts, too: 0 is for what is not there. */
function liftZeros(codes) {
  for (let index = 0; index < codes.length; index++) if (codes[index] === 0) codes[index] = 1;
}
