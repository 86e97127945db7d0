/** Asks for what the first picture is made of before the other modules are here: all that the page preloads. */

const links = [...document.querySelectorAll("link[rel=preload][as=fetch]")].map((link) => link.getAttribute("href"));
const asked = new Map(links.map((address) => [address, ask(address)]));

/** What lies at an address, asked for already or now; bytes: null where the answer is an error. */
export function taken(address) {
  const answer = asked.get(address) ?? ask(address);
  asked.delete(address); // what is not kept here can be forgotten
  return answer;
}

async function ask(address) {
  const answer = await fetch(address);
  return { status: answer.status, bytes: answer.ok ? await answer.arrayBuffer() : null };
}
