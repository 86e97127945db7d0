/** Draws panes on the canvas. */
import { CURVE_POINTS, LAYERS, sourceFor } from "./shader.js";
import { LEVELS } from "./halver.js";
import { Program } from "./program.js";
import { RAMP } from "./ramp.js";

const COARSE_M = 0.04; // the noise of a smaller place is more than what tells materials apart
const RAMP_UNIT = LAYERS.length, CURVES_UNIT = LAYERS.length + 1;

export class Picture {
  /**
   * @param {WebGL2RenderingContext} gl
   * @param {import("./tiles.js").Tiles} tiles
   * @param {object} dual curves of both scans, as in meta.json
   */
  constructor(gl, tiles, dual) {
    Object.assign(this, { gl, tiles, dual });
    /** @type {Map<string, Program>} compiled so far, by what they are for */
    this.programs = new Map();
    this.nothing = this.#texture(gl.TEXTURE_2D_ARRAY, () =>
      gl.texImage3D(gl.TEXTURE_2D_ARRAY, 0, gl.R16UI, 1, 1, 1, 0, gl.RED_INTEGER, gl.UNSIGNED_SHORT, new Uint16Array(1)),
    );
    this.ramp = this.#texture(gl.TEXTURE_2D, () =>
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, RAMP.length / 4, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, RAMP),
    );
    this.curves = this.#texture(gl.TEXTURE_2D, () =>
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, CURVE_POINTS, 2, 0, gl.RGBA, gl.FLOAT, curvesOf(dual)),
    );
  }

  /** Draw all panes. @param {object[]} panes see modes.js @param {object} look see look.js */
  draw(panes, look) {
    const { gl } = this, { width, height } = gl.canvas;
    for (const pane of panes)
      for (const layer of Object.values(pane.layers))
        if (layer) this.tiles.halve(layer, look.dual ? LEVELS - 1 : levelFor(layer, pane));
    gl.viewport(0, 0, width, height);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0.16, 0.17, 0.18, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    for (const pane of panes) this.#drawPane(pane, look, height);
  }

  /** Have the compiler work while tiles are on their way: what a program is for is settled when it first draws. */
  warmUp(panes, look) {
    const { gl } = this;
    gl.viewport(0, 0, 1, 1);
    gl.enable(gl.SCISSOR_TEST);
    for (const pane of panes) this.#drawPane(pane, look, gl.canvas.height);
  }

  #drawPane(pane, look, height) {
    const { gl } = this, program = this.#programFor(pane, look), bottom = height - pane.y - pane.height;
    program.use();
    gl.scissor(pane.x, bottom, pane.width, pane.height);
    this.#setLook(program, look);
    LAYERS.forEach((name, unit) => this.#setLayer(program, name, unit, pane, height));
    gl.uniform1i(program.at("scanRow"), pane.scan === "rescan" ? 1 : 0);
    gl.uniform2iv(program.at("otherIsHigher"), pane.otherIsHigher ?? [0, 0]);
    gl.uniform1i(program.at("blindBits"), pane.blindBits);
    gl.uniform1f(program.at("split"), pane.x + look.split * pane.width);
    gl.uniform1f(program.at("limit"), pane.kind === "significance" ? look.limits.significance : look.limits.difference);
    const lens = look.lens && look.cursor ? pane.toScreen(look.cursor.x, look.cursor.z) : null;
    const radius = Math.min(130 * look.ratio, 0.42 * Math.min(pane.width, pane.height));
    gl.uniform3f(program.at("lens"), lens?.[0] ?? 0, height - (lens?.[1] ?? 0), lens ? radius : 0);
    program.draw();
  }

  #programFor(pane, look) {
    const colour = pane.kind !== "scan" && pane.kind !== "swipe" ? "grey" : look.pseudo ? "pseudo" : look.dual ? "dual" : "grey";
    const blind = look.blind && pane.layers.blind !== undefined;
    const asked = { kind: pane.kind, colour, sharpened: look.sharpened, blind }, key = JSON.stringify(asked);
    if (!this.programs.has(key)) this.programs.set(key, new Program(this.gl, sourceFor(asked)));
    return this.programs.get(key);
  }

  #setLook(program, look) {
    const { gl } = this, range = look.range;
    gl.uniform2f(program.at("greyRange"), range.low, range.high);
    for (const name of ["linear", "inverted"]) gl.uniform1i(program.at(name), look[name] ? 1 : 0);
    for (const [unit, texture] of [[RAMP_UNIT, this.ramp], [CURVES_UNIT, this.curves]]) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    }
    gl.uniform1i(program.at("ramp"), RAMP_UNIT);
    gl.uniform1i(program.at("curves"), CURVES_UNIT);
    gl.uniform3fv(program.at("curveRange[0]"), ["origin", "rescan"].flatMap((scan) => {
      const told = this.dual[scan];
      return told ? [told.attenuation[1], ...told.readable] : [1, 0, 0];
    }));
  }

  #setLayer(program, name, unit, pane, height) {
    const { gl } = this, layer = pane.layers[name], texture = this.tiles.texture(layer);
    const at = (field) => program.at(`${name}.${field}`);
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture ?? this.nothing);
    gl.uniform1i(program.at(`${name}Codes`), unit);
    gl.uniform1i(at("there"), texture ? 1 : 0);
    if (!texture) return;
    const [x, z] = pane.toMetres(0, height); // where gl_FragCoord counts from: the canvas's lower left corner
    const across = 1 / (layer.dx * pane.view.scale), up = -1 / (layer.dz * pane.view.scale); // texels per pixel
    gl.uniform4f(at("place"), across, up, layer.col(x), layer.row(z));
    gl.uniform2i(at("size"), layer.cols, layer.rows);
    gl.uniform1i(at("tile"), layer.tile);
    gl.uniform1i(at("tileCols"), layer.tileCols);
    gl.uniform1i(at("finest"), layer.finest);
    gl.uniform1i(at("level"), levelFor(layer, pane));
    gl.uniform1i(at("coarse"), levelOf(COARSE_M / layer.dx + 0.5));
    gl.uniform2f(at("code"), layer.scale, layer.offset);
    gl.uniform3f(at("counts"), layer.air ? 1 : 0, layer.air?.dark ?? 0, layer.air?.span ?? 1);
  }

  #texture(target, fill) {
    const gl = this.gl, texture = gl.createTexture();
    gl.bindTexture(target, texture);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(target, filter, gl.NEAREST);
    fill();
    return texture;
  }
}

/** The level of a layer whose texels are nearly as large as the pixels of a pane, of those that are here. */
function levelFor(layer, pane) {
  return Math.max(layer.finest, levelOf(1 / (layer.dx * pane.view.scale)));
}

/** The level whose texels are nearly as large as so many whole ones. */
function levelOf(texels) {
  return Math.max(0, Math.min(LEVELS - 1, Math.floor(Math.log2(texels) + 1e-6)));
}

/** (2, points, 4): attenuation of the lower energy of organic, inorganic, metal. */
function curvesOf(dual) {
  const values = new Float32Array(2 * CURVE_POINTS * 4);
  ["origin", "rescan"].forEach((scan, row) => {
    const told = dual[scan];
    for (let point = 0; told && point < CURVE_POINTS; point++)
      values.set(
        [told.organic[point], told.inorganic[point], told.metal[point], 0], 4 * (row * CURVE_POINTS + point),
      );
  });
  return values;
}
