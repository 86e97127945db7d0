/** A compiled pair of shaders with its uniforms by name. */

const WHOLE_TARGET = `#version 300 es
void main() {  // one triangle that covers the target
  gl_Position = vec4(float((gl_VertexID & 1) * 4 - 1), float((gl_VertexID & 2) * 2 - 1), 0.0, 1.0);
}`;

export class Program {
  /**
   * @param {WebGL2RenderingContext} gl
   * @param {string} fragment source of the fragment shader
   */
  constructor(gl, fragment) {
    this.gl = gl;
    this.program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, WHOLE_TARGET], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
    }
    gl.linkProgram(this.program);
  }

  /** Make it current; waits for the compiler the first time, and throws what the compiler says against it. */
  use() {
    const gl = this.gl;
    this.uniforms ??= this.#linked();
    gl.useProgram(this.program);
  }

  /** The location of a uniform; null for one that the shader does not use. */
  at(name) {
    return this.uniforms.get(name) ?? null;
  }

  /** Draw over the current viewport. */
  draw() {
    this.gl.drawArrays(this.gl.TRIANGLES, 0, 3);
  }

  #linked() {
    const gl = this.gl, program = this.program;
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      const shaders = gl.getAttachedShaders(program) ?? [];
      throw new Error([gl.getProgramInfoLog(program), ...shaders.map((one) => gl.getShaderInfoLog(one))].join("\n"));
    }
    const names = Array.from(
      { length: gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) },
      (_, index) => gl.getActiveUniform(program, index).name,
    );
    return new Map(names.map((name) => [name, gl.getUniformLocation(program, name)]));
  }
}
