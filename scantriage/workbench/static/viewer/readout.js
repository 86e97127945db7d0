/** What lies under the cursor: where, how much attenuation, how much mass. */

const NONE = "–";

export class Readout {
  /** @param {HTMLElement} place holds elements with data-readout @param {string} language of the numbers */
  constructor(place, language) {
    this.fields = new Map([...place.querySelectorAll("[data-readout]")].map((one) => [one.dataset.readout, one]));
    this.formats = [0, 1, 2, 3].map((digits) =>
      new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  }

  /** @param {{x: number, z: number} | null} cursor @param {object} layers those of the pane under it */
  show(cursor, { origin, rescan, difference, significance, blind }) {
    const at = (layer) => (cursor && layer ? layer.at(cursor.x, cursor.z) : null);
    this.#write("x", cursor?.x ?? null, 2);
    this.#write("z", cursor?.z ?? null, 2);
    for (const [name, layer] of [["origin", origin], ["rescan", rescan]]) {
      this.#write(name, at(layer), 3);
      this.#write(`${name}-mass`, layer ? layer.mass(at(layer)) : null, 1);
    }
    this.#write("difference", at(difference), 3);
    this.#write("significance", at(significance), 1);
    const bits = at(blind) ?? 0;
    for (const [name, field] of this.fields)
      if (name.startsWith("blind-")) field.hidden = (bits & Number(field.dataset.bit)) === 0;
  }

  /** A length as text, metres. */
  metres(length) {
    return `${this.number(length)} m`;
  }

  /** A number as text, two decimals. */
  number(value) {
    return this.formats[2].format(value);
  }

  #write(name, value, digits) {
    const field = this.fields.get(name);
    if (field) field.textContent = value === null ? NONE : this.formats[digits].format(value);
  }
}
