/** The findings in the side list, stepped through with one key. */

export class Findings {
  /** @param {HTMLElement | null} list holds buttons with data-box, metres, and data-origin-file, data-rescan-file, pixels */
  constructor(list) {
    this.buttons = list ? [...list.querySelectorAll("[data-box]")] : [];
    this.current = -1;
  }

  /** Go to the next (1) or the one before (-1), round and round; its box in metres, or null where there is none. */
  step(by) {
    const n = this.buttons.length;
    if (n === 0) return null;
    return this.choose(this.current < 0 ? (by > 0 ? 0 : n - 1) : (this.current + by + n) % n);
  }

  /** Make one the current; its box [x0, x1, z0, z1]. */
  choose(index) {
    this.current = index;
    this.buttons.forEach((button, place) => {
      if (place === index) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
    this.buttons[index].scrollIntoView({ block: "nearest" });
    return numbers(this.buttons[index].dataset.box);
  }

  /** The sentence of the current one. */
  get sentence() {
    return this.current < 0 ? "" : this.buttons[this.current].textContent.replace(/\s+/g, " ").trim();
  }

  /** Boxes for a pane: in metres of the container, or where the file as delivered shows them. */
  marks(pane) {
    return this.buttons.flatMap((button, index) => {
      const box = boxOn(pane, button.dataset);
      if (box === null) return [];
      const [x0, x1, z0, z1] = box, current = index === this.current ? " current" : "";
      return [{
        shape: "box", points: [[x0, z0], [x1, z1]], kind: `finding ${button.dataset.kind}${current}`,
        label: String(index + 1),
      }];
    });
  }
}

/** The box of a finding in the metres of a pane; null where it is not to be seen there. */
function boxOn(pane, data) {
  if (!pane.label.endsWith("_file")) return numbers(data.box);
  const pixels = pane.label === "origin_file" ? data.originFile : data.rescanFile;
  return pixels ? pane.layers.first.metres(numbers(pixels)) : null;
}

function numbers(text) {
  return text.split(" ").map(Number);
}
