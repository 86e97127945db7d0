/** Halved levels of a tile, for the picture zoomed out: means of codes, or all flags that occur. */
import { Program } from "./program.js";

export const LEVELS = 4; // whole, 1/2, 1/4, 1/8: at 1/8 a full scan of 4,200 columns is 525 wide

const SOURCE = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2DArray;
uniform usampler2DArray whole;
uniform int slice;
uniform bool flags;
out uint code;

void main() {
  ivec2 corner = 2 * ivec2(gl_FragCoord.xy);
  uint sum = 0u, seen = 0u, any = 0u;
  for (int i = 0; i < 4; i++) {
    uint one = texelFetch(whole, ivec3(corner + ivec2(i & 1, i >> 1), slice), 0).r;
    sum += one;
    any |= one;
    seen += one > 0u ? 1u : 0u;
  }
  code = flags ? any : seen == 0u ? 0u : (sum + seen / 2u) / seen;
}`;

export class Halver {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.program = new Program(gl, SOURCE);
    this.target = gl.createFramebuffer();
  }

  /** Make the halved levels of one slice of an array texture that come after the level it has. */
  halve(texture, { slice, rows, cols, flags, has }) {
    const gl = this.gl, program = this.program;
    program.use();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.uniform1i(program.at("whole"), 0);
    gl.uniform1i(program.at("slice"), slice);
    gl.uniform1i(program.at("flags"), flags ? 1 : 0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.disable(gl.SCISSOR_TEST); // left on by the picture
    for (let level = has + 1; level < LEVELS; level++) {
      // one level is read while the next is written: only what is named here may be sampled
      this.#sampled(level - 1, level - 1);
      gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, texture, level, slice);
      gl.viewport(0, 0, (cols + 2 ** level - 1) >> level, (rows + 2 ** level - 1) >> level);
      program.draw();
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.#sampled(0, LEVELS - 1);
  }

  #sampled(first, last) {
    const gl = this.gl;
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_BASE_LEVEL, first);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAX_LEVEL, last);
  }
}
