// Enter asks for the next container from anywhere on the page, once.

const form = document.querySelector("form[data-next]");
let sent = false;

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("a, button, input, select, textarea, summary")) return;
  event.preventDefault();
  form.requestSubmit();
});

form.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});

addEventListener("pageshow", () => { sent = false; });
