// The decision by keyboard: r, l or c chooses, figures give reasons, Enter decides, Esc leaves.
// A single stray key decides nothing: Enter counts only inside the form, and only with a choice and a reason.

const form = document.querySelector("form[data-decision]");
const verdicts = [...form.elements.verdict];
const text = form.elements.text;
const problem = form.querySelector("[data-problem]");
const DRAFT = `draft:${form.action}`;
let sent = false;

function chosen() {
  return verdicts.find((one) => one.checked);
}

function partOf(verdict) {
  return form.querySelector(`.of-verdict[data-verdict="${verdict}"]`);
}

function show() {
  const verdict = chosen()?.value;
  for (const part of form.querySelectorAll(".of-verdict")) part.hidden = part.dataset.verdict !== verdict;
  form.classList.toggle("chosen", Boolean(verdict));
}

function hasReason() {
  const verdict = chosen()?.value;
  if (verdict === "release" && !("reasonAlways" in form.dataset)) return true; // the most common one, at two keys
  const part = partOf(verdict);
  return text.value.trim() !== "" || Boolean(part?.querySelector("input[type=checkbox]:checked"));
}

function takesText(place) {
  return place.matches("textarea, select, input:not([type=radio]):not([type=checkbox])") || place.isContentEditable;
}

function choose(key) {
  const verdict = verdicts.find((one) => one.dataset.key === key);
  if (!verdict) return false;
  verdict.checked = true;
  verdict.dispatchEvent(new Event("change", { bubbles: true }));
  verdict.focus();
  return true;
}

function giveReason(key) {
  const reason = partOf(chosen()?.value)?.querySelector(`[data-key="${key}"]`);
  if (!reason) return false;
  reason.checked = !reason.checked;
  reason.focus();
  problem.textContent = "";
  keep();
  return true;
}

function keep() {
  sessionStorage.setItem(DRAFT, text.value); // an assignment that ran out does not lose what was written
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || takesText(event.target)) return;
  const inside = form.contains(event.target);
  if (choose(event.key) || (inside && giveReason(event.key))) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (inside && event.key === "Enter" && event.target.type !== "submit") {
    event.preventDefault();
    form.requestSubmit();
  }
}, true);

form.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.activeElement.blur();
    event.stopPropagation();
  } else if (event.key === "Enter" && event.target === text && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  }
});

form.addEventListener("change", show);
text.addEventListener("input", keep);

form.addEventListener("submit", (event) => {
  if (sent) return event.preventDefault();
  if (!hasReason()) {
    event.preventDefault();
    problem.textContent = form.dataset.needsReason;
    (partOf(chosen()?.value)?.querySelector("input[type=checkbox]") ?? text).focus();
    return undefined;
  }
  sent = true;
  return undefined;
});

addEventListener("pageshow", () => { sent = false; });
if (!text.value) text.value = sessionStorage.getItem(DRAFT) ?? "";
show();
