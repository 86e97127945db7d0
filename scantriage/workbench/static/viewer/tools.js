/** The tool in hand: reading values, the ruler, and the four annotations. */
import { Draft, lengthOf } from "./draft.js";

const DRAWN = ["ruler", "box", "point", "polygon", "text"];

export class Tools {
  /**
   * @param {import("./annotations.js").Annotations} annotations
   * @param {HTMLFormElement} note asks for the words of a text
   * @param {HTMLElement} surface takes the keyboard again when the words are written
   * @param {() => void} changed
   * @param {(error: Error) => void} failed
   */
  constructor(annotations, note, surface, changed, failed) {
    Object.assign(this, { annotations, note, surface, changed, failed, name: null, draft: null, measured: null });
    note.addEventListener("submit", (event) => this.#keepNote(event));
    note.addEventListener("keydown", (event) => event.key === "Escape" && this.cancel());
  }

  /** Take a tool, or lay it down where it is in hand already. @param {string} name "read", or one that draws */
  take(name) {
    this.name = this.name === name ? null : name;
    this.draft = DRAWN.includes(this.name) ? new Draft(this.name) : null;
    this.measured = null;
    this.#ask(false);
    this.changed();
  }

  /** Let go of what is half drawn; with nothing half drawn, of the tool. */
  cancel() {
    if (this.draft?.points.length > 0) this.draft = new Draft(this.name);
    else Object.assign(this, { name: null, draft: null, measured: null });
    this.#ask(false);
    this.changed();
  }

  press(point) {
    if (this.draft === null || this.draft.complete) return;
    this.measured = null;
    this.draft.press(point);
    this.#finished();
  }

  move(point) {
    if (this.draft) this.draft.hover = point;
  }

  /** The end of a drag: the second point of what has two. */
  release(point) {
    if (this.draft?.points.length === 1 && (this.name === "ruler" || this.name === "box")) this.press(point);
  }

  /** Close a polygon. */
  close() {
    if (this.draft?.close()) this.#keep(this.draft);
  }

  /** What to draw above the picture. @param {(length: number) => string} metres */
  marks(metres) {
    const drawn = this.measured ?? this.draft;
    if (drawn === null || drawn.outline.length === 0) return [];
    const { shape, outline } = drawn, whole = outline.length > 1;
    const label = shape === "ruler" && whole ? metres(lengthOf(outline)) : undefined;
    const line = shape === "polygon" && !drawn.complete ? "ruler" : shape;
    return [{ shape: whole ? line : "text", points: outline, kind: "draft", label }];
  }

  #finished() {
    if (!this.draft.complete) return;
    if (this.name === "ruler") {
      this.measured = this.draft;
      this.draft = new Draft("ruler");
    } else if (this.name === "text") this.#ask(true);
    else this.#keep(this.draft);
    this.changed();
  }

  #keep(draft, text) {
    this.draft = new Draft(this.name);
    this.annotations.add(draft.shape, draft.points, text).catch(this.failed);
  }

  #keepNote(event) {
    event.preventDefault();
    const text = this.note.elements.text.value.trim();
    if (text === "" || this.draft === null) return;
    this.#keep(this.draft, text);
    this.#ask(false);
  }

  #ask(open) {
    if (this.note.contains(document.activeElement)) this.surface.focus();
    this.note.hidden = !open;
    this.note.reset();
    if (open) this.note.elements.text.focus();
  }
}
