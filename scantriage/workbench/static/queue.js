// The queue: filters apply when chosen, and its counts stay up to date.

const EVERY_MS = 20_000;
const filters = document.querySelector("form.filters");

filters.addEventListener("change", () => filters.requestSubmit());

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch("/queue/counts" + location.search);
  if (!answer.ok) return;
  const counts = await answer.json();
  const digits = new Intl.NumberFormat(document.documentElement.lang);
  document.querySelector("[data-total]").textContent = digits.format(counts.total);
  for (const place of document.querySelectorAll("[data-count]")) {
    const [facet, value] = place.dataset.count.split(":");
    const n = digits.format(counts.by[facet]?.[value] ?? 0);
    place.textContent = place.dataset.label ? `${place.dataset.label} (${n})` : n;
  }
}

setInterval(() => refresh().catch(() => {}), EVERY_MS); // offline for a moment: the next time will do
