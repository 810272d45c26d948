// Keys that act on the row in focus (a, c, t, p, f, x), the help (?) and the switch that turns every single-letter key off.
// A row names its gestures: data-act="assign", "contact", "task", "claim" or "done", data-pick (its box). Each is also a link, a button or
// a box of the page. Keys are never taken from a field, nor from an open window.
const OFF = "jalon-keys-off";
const root = document.documentElement;

function stored() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false; // storage refused by the browser: the switch lasts for the page only
  }
}

function apply(off) {
  if (off) root.dataset.keys = "off";
  else delete root.dataset.keys;
  for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = !off;
}
apply(stored());
document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-keys-switch]")) return;
  const off = !event.target.checked;
  try {
    if (off) localStorage.setItem(OFF, "1");
    else localStorage.removeItem(OFF);
  } catch {
    // same as above
  }
  apply(off);
});

const FIELD = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const busy = (target) => root.dataset.keys === "off" || target.closest?.(FIELD) || document.querySelector("dialog[open]");

const GESTURES = { a: "assign", c: "contact", t: "task", p: "claim", f: "done" };

function act(gesture) {
  // With boxes ticked, the gesture is for all of them: the button of the bar; else for the row in focus.
  const bar = document.querySelector(`[data-act-all="${gesture}"]`);
  const chosen = bar && document.querySelector("[data-rows] [data-pick]:checked");
  const row = document.activeElement?.closest("[data-rows] tbody tr");
  const target = chosen ? bar : row?.querySelector(`[data-act="${gesture}"]`);
  target?.click();
  if (target?.matches("summary")) target.parentElement.querySelector("input:not([type=hidden])")?.focus();
  return Boolean(target);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || busy(event.target)) return;
  if (event.key === "?") {
    const help = document.getElementById("keys-help");
    if (!help) return;
    event.preventDefault();
    help.showModal();
  } else if (event.key in GESTURES) {
    if (act(GESTURES[event.key])) event.preventDefault();
  } else if (event.key === "x") {
    const box = document.activeElement?.closest("[data-rows] tbody tr")?.querySelector("[data-pick]");
    if (!box) return;
    event.preventDefault();
    box.click();
  }
});
