/** Mouse and pen on the picture: pan, zoom, window, swipe, and the tool in hand. */

const WINDOW_PIXELS = 300; // to drag for the whole width of the window
const DRAG_PIXELS = 5; // less is a click
const SPLIT_PIXELS = 12; // how near to the line a swipe is taken

export class Pointer {
  /** @param {import("./viewer.js").Viewer} viewer @param {import("./keys.js").Keys} keys */
  constructor(viewer, keys) {
    Object.assign(this, { viewer, keys, drag: null });
    const surface = viewer.surface;
    surface.addEventListener("pointerdown", (event) => this.#down(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    surface.addEventListener("pointerup", (event) => this.#up(event));
    surface.addEventListener("pointercancel", () => (this.drag = null));
    surface.addEventListener("pointerleave", () => this.drag === null && viewer.point(null));
    surface.addEventListener("dblclick", () => viewer.tools.close());
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #place(event) {
    const outline = this.viewer.surface.getBoundingClientRect(), ratio = this.viewer.look.ratio;
    return [(event.clientX - outline.left) * ratio, (event.clientY - outline.top) * ratio];
  }

  #down(event) {
    const [right, down] = this.#place(event), { viewer } = this, pane = viewer.paneAt(right, down);
    if (pane === null) return;
    viewer.surface.setPointerCapture(event.pointerId);
    viewer.surface.focus({ preventScroll: true });
    const windows = event.button === 2 || this.keys.held.has("w");
    const what = windows ? "window" : this.#onSplit(pane, right) ? "split" : viewer.tools.draft ? "draw" : "pan";
    this.drag = { what, pane, from: [right, down], last: [right, down] };
    if (what === "draw") viewer.tools.press(pane.toMetres(right, down));
    event.preventDefault();
  }

  #move(event) {
    const [right, down] = this.#place(event), { viewer, drag } = this;
    const pane = drag?.pane ?? viewer.paneAt(right, down);
    viewer.point(pane, right, down);
    if (pane) viewer.tools.move(pane.toMetres(right, down));
    if (drag === null) return viewer.changed();
    const [dx, dy] = [right - drag.last[0], down - drag.last[1]];
    drag.last = [right, down];
    this.#dragged(drag, dx, dy, right);
    return viewer.changed();
  }

  #dragged({ what, pane }, dx, dy, right) {
    const { look } = this.viewer, full = WINDOW_PIXELS * look.ratio;
    if (what === "pan") pane.view.pan(dx, dy);
    else if (what === "split") look.split = Math.min(1, Math.max(0, (right - pane.x) / pane.width));
    else if (what === "window") look.adjust(-dy / full, dx / full);
  }

  #up(event) {
    const { drag, viewer } = this, [right, down] = this.#place(event);
    this.drag = null;
    if (drag?.what !== "draw") return;
    const far = Math.hypot(right - drag.from[0], down - drag.from[1]) > DRAG_PIXELS * viewer.look.ratio;
    if (far) viewer.tools.release(drag.pane.toMetres(right, down));
    viewer.changed();
  }

  #wheel(event) {
    event.preventDefault();
    const [right, down] = this.#place(event), pane = this.viewer.paneAt(right, down);
    if (pane === null) return;
    const lines = event.deltaMode === 1 ? event.deltaY * 20 : event.deltaY;
    pane.view.zoom(Math.exp(-lines / 400), ...pane.toMetres(right, down));
    this.viewer.point(pane, right, down);
    this.viewer.changed();
  }

  #onSplit(pane, right) {
    const { look } = this.viewer;
    return pane.kind === "swipe" && Math.abs(right - pane.x - look.split * pane.width) < SPLIT_PIXELS * look.ratio;
  }
}
