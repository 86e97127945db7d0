/** Has the next container laid ready while this one is read, so that it is on the screen at once. */
import { HALVED_FIRST, tileAddress } from "./tiles.js";

const QUIET_MS = 3000; // this container first: its own tiles, and the eye
const WHOLE = [...HALVED_FIRST, "difference", "significance"];

/** Reserve the next assignment and fetch what its page fetches. @param {{reserve?: string, csrf: string}} page */
export async function prefetchNext({ reserve, csrf }) {
  if (!reserve) return;
  await new Promise((done) => setTimeout(done, QUIET_MS));
  const answer = await fetch(reserve, { method: "POST", headers: { "X-CSRF": csrf } });
  if (!answer.ok) return;
  const { views } = await answer.json();
  if (views === null) return;
  const told = await fetch(`${views}/meta.json`);
  if (!told.ok) return;
  const { tile, layers } = await told.json();
  const wanted = [...HALVED_FIRST.map((name) => [name, 1]), ...WHOLE.map((name) => [name, 0])];
  for (const [name, level] of wanted)
    if (name in layers) await fetchLayer(`${views}/${name}`, layers[name], tile, level);
  document.documentElement.dataset.next = "ready";
}

async function fetchLayer(address, { rows, cols }, tile, level) {
  for (let row = 0; row * tile < rows; row++)
    for (let col = 0; col * tile < cols; col++) {
      const answer = await fetch(tileAddress(address, row, col, level), { priority: "low" });
      await answer.arrayBuffer();
    }
}
