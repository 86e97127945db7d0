/** One key for each command: the table is in the page, on its buttons (data-command, data-keys). */

const TYPED_IN = "textarea, select, input:not([type=range], [type=checkbox], [type=radio], [type=button])";
const OWN_KEYS = {
  "button, summary, a[href]": [" ", "Enter"],
  "input[type=range], input[type=radio]": ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " "],
  "input[type=checkbox]": [" "],
};

export class Keys {
  /**
   * @param {Document} page its elements with data-command and data-keys
   * @param {(command: string) => void} run
   */
  constructor(page, run) {
    this.held = new Set();
    this.commands = new Map();
    for (const button of page.querySelectorAll("[data-command][data-keys]"))
      for (const key of button.dataset.keys.split(" ")) this.commands.set(key, button.dataset.command);
    page.addEventListener("keydown", (event) => this.#down(event, run));
    page.addEventListener("keyup", (event) => this.held.delete(event.key.toLowerCase()));
    page.defaultView.addEventListener("blur", () => this.held.clear());
    this.on = localStorage.getItem("viewer-keys") !== "off";
  }

  /** Single keys may be turned off (WCAG 2.1.4); remembered on this machine. */
  turn(on) {
    this.on = on;
    localStorage.setItem("viewer-keys", on ? "on" : "off");
  }

  #down(event, run) {
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTaken(event.target, event.key) || document.querySelector("dialog[open]")) return;
    this.held.add(event.key.toLowerCase());
    const command = this.commands.get(nameOf(event));
    if (command === undefined) return;
    event.preventDefault();
    run(command);
  }
}

/** As data-keys names it: letters small, Shift before keys that have no other sign with it. */
function nameOf(event) {
  const key = event.key === " " ? "Space" : event.key;
  if (key.length === 1) return key.toLowerCase();
  return event.shiftKey ? `Shift+${key}` : key;
}

function isTaken(element, key) {
  if (element.matches(TYPED_IN)) return true;
  return Object.entries(OWN_KEYS).some(([which, keys]) => element.matches(which) && keys.includes(key));
}
