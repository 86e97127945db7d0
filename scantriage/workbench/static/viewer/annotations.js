/** The annotations of this assignment: kept by the server as soon as they are drawn. */

export class Annotations {
  /**
   * @param {HTMLElement} list its data-address is where they are kept, data-word-{shape} what the shapes are called
   * @param {string} csrf
   * @param {() => void} changed
   */
  constructor(list, csrf, changed) {
    Object.assign(this, { list, csrf, changed, items: [] });
    this.address = list.dataset.address;
    this.row = list.querySelector("template");
    list.addEventListener("click", (event) => {
      const id = event.target.closest("[data-remove]")?.dataset.remove;
      if (id) this.remove(id);
    });
  }

  /** Fetch what was drawn before. */
  async load() {
    const answer = await fetch(this.address);
    if (!answer.ok) throw new Error(`annotations: ${answer.status}`);
    this.items = (await answer.json()).annotations;
    this.#show();
  }

  /** Keep a shape. @param {string} shape @param {number[][]} points [x, z] in metres */
  async add(shape, points, text = "") {
    const rounded = points.map((point) => point.map((value) => Number(value.toFixed(4))));
    const item = { id: crypto.randomUUID(), shape, points_m: rounded, text };
    await this.#send("POST", this.address, item);
    this.items.push(item);
    this.#show();
  }

  /** Take one away; the server keeps that it was there. */
  async remove(id) {
    await this.#send("DELETE", `${this.address}/${id}`);
    this.items = this.items.filter((item) => item.id !== id);
    this.#show();
    this.list.focus();
  }

  /** What to draw above the picture. */
  marks() {
    return this.items.map((item, index) => ({
      shape: item.shape, points: item.points_m, kind: "annotation", label: item.text || String(index + 1),
    }));
  }

  async #send(method, address, body) {
    const headers = { "Content-Type": "application/json", "X-CSRF": this.csrf };
    const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`annotation: ${answer.status}`);
    return answer;
  }

  #show() {
    const rows = this.items.map((item, index) => {
      const row = this.row.content.cloneNode(true);
      row.querySelector("[data-what]").textContent = `${index + 1}. ${this.list.dataset[`word${capital(item.shape)}`]}`;
      row.querySelector("[data-text]").textContent = item.text;
      const button = row.querySelector("[data-remove]");
      if (button) button.dataset.remove = item.id;
      return row;
    });
    this.list.replaceChildren(this.row, ...rows);
    this.changed();
  }
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}
