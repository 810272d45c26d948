// Forms: filters that submit themselves, work not lost by leaving, files dropped, no double sending.

// --- data-autosubmit: a form of filters sends itself. A text field waits for a pause when only a fragment comes
// back; when the whole page would, it waits for Enter. So does a list or a day gone through with the keyboard, where
// each arrow is a change: Enter sends it, or leaving the field. The focus is found again in the page that comes.
const PAUSE_MS = 350;
const KEY_MS = 50;
const FOCUS = "jalon-focus";
const TEXT = "input[type=search], input[type=text]";
const STEPPED = "select, input[type=date]";
const WHOLE = "form[data-autosubmit]:not([hx-get], [hx-post])";
const timers = new WeakMap();
let pressed = { key: "", at: -KEY_MS };
let stepped = null;

function submitSoon(field, delay) {
  const form = field.form;
  window.clearTimeout(timers.get(form));
  timers.set(form, window.setTimeout(() => {
    if (!form.isConnected) return;
    const focused = form.contains(document.activeElement) ? document.activeElement : field;
    if (form.matches(WHOLE)) sessionStorage.setItem(FOCUS, `${location.pathname}#${focused.id}`);
    form.requestSubmit();
  }, delay));
}
function sendStepped(event) {
  if (event.target !== stepped) return;
  event.preventDefault();
  stepped = null;
  submitSoon(event.target, 0);
}
document.addEventListener("keydown", (event) => {
  pressed = { key: event.key, at: event.timeStamp };
  if (event.key === "Enter") sendStepped(event);
}, true);
document.addEventListener("focusout", sendStepped);
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-autosubmit]");
  if (!form || event.target.matches(TEXT)) return;
  const byKey = pressed.key !== "Enter" && event.timeStamp - pressed.at < KEY_MS;
  if (byKey && form.matches(WHOLE) && event.target.matches(STEPPED)) stepped = event.target;
  else submitSoon(event.target, 0);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-autosubmit]");
  if (form && form.matches("[hx-get], [hx-post]") && event.target.matches(TEXT)) {
    submitSoon(event.target, PAUSE_MS);
  }
});
const [page, focused] = (sessionStorage.getItem(FOCUS) ?? "").split("#");
sessionStorage.removeItem(FOCUS);
if (focused && page === location.pathname) document.getElementById(focused)?.focus({ preventScroll: true });

// A browser that goes back puts in the fields what was chosen last, above a page drawn for an earlier choice.
window.addEventListener("pageshow", (event) => {
  const back = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (back) document.querySelectorAll(WHOLE).forEach((form) => form.reset());
});

// --- data-guard: leaving the page with unsent work asks first --------------------------------------------------------
const dirty = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]");
  if (form) dirty.add(form);
});
document.addEventListener("submit", (event) => {
  dirty.delete(event.target);
});
document.addEventListener("reset", (event) => {
  dirty.delete(event.target);
});
window.addEventListener("beforeunload", (event) => {
  const pending = [...dirty].some((form) => form.isConnected);
  if (pending) event.preventDefault();
});

// --- one sending at a time: the second click is ignored, the button says so ------------------------------------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// --- file drop: shows the names and sizes chosen, accepts a drop over the whole area ---------------------------------
function size(bytes) {
  const number = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 });
  return bytes < 1e6 ? `${number.format(Math.max(1, Math.round(bytes / 1e3)))}\u00a0Ko` : `${number.format(bytes / 1e6)}\u00a0Mo`;
}
function describe(input) {
  const list = input.closest(".j-drop")?.querySelector("[data-drop-list]");
  if (!list) return;
  const limit = Number(input.dataset.maxBytes || 0);
  list.replaceChildren(...[...input.files].map((file) => {
    const line = document.createElement("li");
    const weight = document.createElement("span");
    const heavy = limit && file.size > limit;
    weight.textContent = heavy ? `${size(file.size)} : trop volumineux (${size(limit)} au plus)` : size(file.size);
    if (heavy) line.className = "j-text-late";
    line.append(file.name, weight);
    return line;
  }));
}
document.addEventListener("change", (event) => {
  if (event.target.matches?.(".j-drop input[type=file]")) describe(event.target);
});
for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => {
    const drop = event.target.closest?.(".j-drop");
    if (!drop) return;
    event.preventDefault();
    drop.classList.toggle("is-over", over);
    const input = drop.querySelector("input[type=file]");
    if (name === "drop" && input && event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}

// --- errors: the summary takes the focus, so that it is read first ---------------------------------------------------
document.querySelector("[data-error-summary]")?.focus();
document.addEventListener("htmx:afterSettle", (event) => {
  event.detail.elt.querySelector?.("[data-error-summary]")?.focus();
});
