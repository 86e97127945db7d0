/** The viewer: layers, look and mode in; picture, marks and numbers out, once a frame and only when something changed. */
import { Layer } from "./layer.js";
import { Look, rangeInView } from "./look.js";
import { drawMarks } from "./marks.js";
import { NEEDED, otherEnergy, panesOf, panesOfFiles, possible } from "./modes.js";
import { Picture } from "./picture.js";
import { HALVED_FIRST, Tiles } from "./tiles.js";
import { View } from "./view.js";

const ARRIVALS_MS = 150;
const AROUND_M = 0.15; // shown around the container

export class Viewer {
  /**
   * @param {{canvas: HTMLCanvasElement, svg: SVGSVGElement, labels: HTMLElement}} surfaces one above the other
   * @param {WebGL2RenderingContext} gl
   * @param {object} meta
   * @param {{views: string, findings: object, readout: object, shown: () => void, failed: (e: Error) => void}} around
   */
  constructor({ canvas, svg, labels }, gl, meta, around) {
    Object.assign(this, { surface: canvas, svg, labels, ...around });
    const layers = Object.entries(meta.layers).map(([name, told]) => [name, new Layer(name, told, meta.tile)]);
    this.layers = Object.fromEntries(layers);
    this.blindNames = meta.blind ?? {};
    this.look = new Look();
    this.tiles = new Tiles(gl, this.views, () => this.#arrived());
    this.picture = new Picture(gl, this.tiles, meta.dual ?? {});
    const { length_m: x1, height_m: z1 } = meta.size;
    this.view = new View({ x0: -AROUND_M, x1: x1 + AROUND_M, z0: -AROUND_M, z1: z1 + AROUND_M });
    this.fileViews = Object.fromEntries(
      ["origin_file", "rescan_file"].filter((name) => name in this.layers)
        .map((name) => [name, new View(this.layers[name].bounds)]),
    );
    Object.assign(this, { mode: this.#firstMode(), files: false, flipped: false, panes: [], frame: null });
  }

  /** Resolves when what is looked at first is on the screen: both scans and what is blind from halved codes; the whole ones follow. */
  async open() {
    this.#measure();
    this.#layOut();
    const { layers, tiles } = this, there = (names) => names.filter((name) => name in layers).map((name) => layers[name]);
    const arrived = Promise.all(there(HALVED_FIRST).map((layer) => tiles.loadHalved(layer)));
    this.picture.warmUp(this.panes, this.look);
    await arrived;
    this.fitWindow();
    this.paint();
    this.pixels(0, 0, 1, 1); // waits until it is really drawn
    new ResizeObserver(() => this.changed()).observe(this.surface);
    for (const name of [...HALVED_FIRST, "difference", "significance"]) this.#want([name]);
  }

  /** Look in another way, where the container has what it needs. */
  setMode(mode) {
    if (!possible(mode, this.layers)) return;
    Object.assign(this, { mode, files: false, flipped: false });
    this.#want(NEEDED[mode]);
    if (mode === "blink") this.#blink();
    this.changed();
  }

  /** The originals, untouched, and back. */
  toggleFiles() {
    this.files = !this.files && Object.keys(this.fileViews).length > 0;
    if (this.files) this.#want(Object.keys(this.fileViews));
    this.changed();
  }

  /** Colour by material, from two energies. */
  toggleDual() {
    this.look.colour("dual");
    if (this.look.dual) this.#want(["origin", "rescan"].map((scan) => otherEnergy(this.layers, scan)?.name));
    this.changed();
  }

  /** Fit the window to what is in view. */
  fitWindow() {
    const range = this.panes.length > 0 ? rangeInView(this.panes.at(-1)) : null;
    if (range) this.look.show(range);
    this.changed();
  }

  /** The other scan of a blink, by hand: stops the clock. */
  flip() {
    if (this.mode !== "blink") this.setMode("blink");
    this.setBlinks(0);
    this.flipped = !this.flipped;
  }

  /** Set how often a blink changes; 0: by hand. */
  setBlinks(perSecond) {
    this.look.blinksPerSecond = perSecond;
    this.#blink();
    this.changed();
  }

  /** The pane that holds a pixel of the canvas, or null. */
  paneAt(right, down) {
    return this.panes.find((pane) => pane.holds(right, down)) ?? null;
  }

  /** Put the cursor on a pixel of a pane; null: nowhere. */
  point(pane, right, down) {
    if (pane === null) this.look.cursor = null;
    else {
      const [x, z] = pane.toMetres(right, down);
      this.look.cursor = { x, z, pane };
    }
    this.changed();
  }

  /** Bring a box in metres into the middle. */
  goTo(box) {
    if (!this.files) this.view.show(box);
    this.changed();
  }

  /** Draw again at the next frame. */
  changed() {
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  /** Draw now. */
  paint() {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
    this.#measure();
    this.#layOut();
    const { width, height } = this.surface, { look } = this;
    this.picture.draw(this.panes, look);
    const shown = this.panes.map((pane) => ({ pane, marks: this.#marks(pane) }));
    drawMarks(this.svg, shown, { width, height, ratio: look.ratio });
    this.#label();
    const under = look.cursor?.pane;
    this.readout.show(look.cursor, this.files && under ? { [under.label.replace("_file", "")]: under.layers.first } : this.layers);
    this.shown();
  }

  /** Red, green, blue and opaque of a rectangle of the canvas, its upper row first: what is on the screen. */
  pixels(x, y, width, height) {
    if (this.frame !== null) this.paint();
    const gl = this.surface.getContext("webgl2"), upwards = new Uint8Array(width * height * 4);
    gl.readPixels(x, this.surface.height - y - height, width, height, gl.RGBA, gl.UNSIGNED_BYTE, upwards);
    const rows = Array.from({ length: height }, (_, row) =>
      upwards.subarray((height - 1 - row) * width * 4, (height - row) * width * 4));
    return rows.flatMap((row) => [...row]);
  }

  /** Tiles come by the handful: a frame for each of them would hold up the next. */
  #arrived() {
    this.arrival ??= setTimeout(() => {
      this.arrival = null;
      this.changed();
    }, ARRIVALS_MS);
  }

  #firstMode() {
    return ["both", "rescan", "origin"].find((mode) => possible(mode, this.layers));
  }

  #want(names) {
    Promise.all(names.filter((name) => name in this.layers).map((name) => this.tiles.load(this.layers[name])))
      .catch(this.failed);
  }

  #measure() {
    const { surface, look } = this;
    look.ratio = window.devicePixelRatio;
    const width = Math.round(surface.clientWidth * look.ratio), height = Math.round(surface.clientHeight * look.ratio);
    if (surface.width !== width || surface.height !== height) Object.assign(surface, { width, height });
  }

  #layOut() {
    const { width, height } = this.surface, { layers, view, flipped } = this;
    this.panes = this.files
      ? panesOfFiles(layers, { width, height, views: this.fileViews })
      : panesOf(this.mode, layers, { width, height, view, flipped });
    for (const pane of this.panes) pane.view.resize(pane.width, pane.height);
  }

  #marks(pane) {
    const { look, findings, tools, annotations } = this, metres = (length) => this.readout.metres(length);
    const marks = findings.marks(pane);
    if (!this.files) marks.push(...(annotations?.marks() ?? []), ...(tools?.marks(metres) ?? []));
    if (tools?.name && look.cursor && (!this.files || look.cursor.pane.label === pane.label))
      marks.push({ shape: "cross", points: [[look.cursor.x, look.cursor.z]], kind: "cross" });
    return marks;
  }

  #label() {
    const names = this.panes.map(({ label }) => label).join();
    if (this.labelled === names) this.#placeLabels();
    else {
      this.labelled = names;
      for (const one of this.labels.querySelectorAll("[data-label]"))
        one.hidden = !this.panes.some(({ label }) => label === one.dataset.label);
      this.#placeLabels();
    }
  }

  #placeLabels() {
    for (const { label, x, y } of this.panes) {
      const one = this.labels.querySelector(`[data-label="${label}"]`);
      if (one) one.style.translate = `${x / this.look.ratio}px ${y / this.look.ratio}px`;
    }
  }

  #blink() {
    clearInterval(this.clock);
    const rate = this.look.blinksPerSecond;
    if (rate === 0) return;
    this.clock = setInterval(() => {
      if (this.mode !== "blink" || this.files) return;
      this.flipped = !this.flipped;
      this.changed();
    }, 1000 / rate);
  }
}
