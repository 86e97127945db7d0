/** Fetches the tiles of layers and lays them into textures: one slice of an array texture for each tile. */
import { taken } from "./ahead.js";
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
    /** @type {Map<string, Map<number, object>>} slices whose halved levels are still to be made, by layer and number */
    this.unhalved = new Map();
    this.loading = new Map();
  }

  /** The texture of a layer; null until its first tile has arrived. */
  texture(layer) {
    return layer === undefined ? null : (this.textures.get(layer.name) ?? null);
  }

  /** Fetch a layer, once; resolves when all of it is on the screen's side. */
  load(layer) {
    if (!this.loading.has(layer.name)) this.loading.set(layer.name, this.#whole(layer));
    return this.loading.get(layer.name);
  }

  /** Fetch a layer halved, a quarter of the bytes: it is drawn from these until the whole tiles are here. */
  async loadHalved(layer) {
    layer.finest = 1;
    await this.#all(layer, 1);
  }

  async #whole(layer) {
    await this.#all(layer, 0);
    layer.finest = 0;
    this.arrived();
  }

  #all(layer, level) {
    const tiles = [];
    for (let row = 0; row < layer.tileRows; row++)
      for (let col = 0; col < layer.tileCols; col++) tiles.push(this.#tile(layer, row, col, level));
    return Promise.all(tiles);
  }

  async #tile(layer, row, col, level) {
    const { status, bytes } = await taken(tileAddress(`${this.views}/${layer.name}`, row, col, level));
    if (bytes === null) throw new Error(`${layer.name} ${row}/${col}: ${status}`);
    const codes = new Uint16Array(bytes);
    if (layer.air) liftZeros(codes);
    const slice = row * layer.tileCols + col;
    this.#upload(layer, slice, layer.sizeOf(row, col, level), codes, level);
    (level === 0 ? layer.codes : layer.halved).set(slice, codes);
    this.arrived();
  }

  #upload(layer, slice, [rows, cols], codes, level) {
    const gl = this.gl;
    if (!this.textures.has(layer.name)) this.textures.set(layer.name, this.#allocate(layer));
    const texture = this.textures.get(layer.name);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2);
    gl.texSubImage3D(
      gl.TEXTURE_2D_ARRAY, level, 0, 0, slice, cols, rows, 1, gl.RED_INTEGER, gl.UNSIGNED_SHORT, codes,
    );
    if (level === 0 && layer.halved.has(slice)) return; // halved just as the halver would
    if (!this.unhalved.has(layer.name)) this.unhalved.set(layer.name, new Map());
    const size = { rows: rows << level, cols: cols << level };
    this.unhalved.get(layer.name).set(slice, { slice, ...size, flags: layer.quantity === "flags", has: level });
  }

  /** Make the halved levels of what has arrived of a layer, where this one is missing: somebody zoomed out so far. */
  halve(layer, level) {
    const unhalved = this.unhalved.get(layer.name) ?? new Map();
    for (const one of unhalved.values()) {
      if (one.has >= level) continue;
      this.halver ??= new Halver(this.gl);
      this.halver.halve(this.textures.get(layer.name), one);
      unhalved.delete(one.slice);
    }
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

/** Layers whose halved codes are the first picture. */
export const HALVED_FIRST = ["origin", "rescan", "blind"];

/** Where a tile lies. @param {string} layer address @param {number} level 0: whole, 1: halved */
export function tileAddress(layer, row, col, level) {
  return `${layer}/${row}/${col}.bin${level === 1 ? "?halved=1" : ""}`;
}

/** No counts at all are counts, too: 0 is for what is not there. */
function liftZeros(codes) {
  for (let index = 0; index < codes.length; index++) if (codes[index] === 0) codes[index] = 1;
}
