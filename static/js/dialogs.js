// Modal windows: data-dialog="id" opens <dialog id>, data-dialog-close closes it, data-confirm asks before acting.

function open(dialog, opener) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.addEventListener("close", () => opener?.isConnected && opener.focus(), { once: true });
}

document.addEventListener("click", (event) => {
  const target = event.target;
  const opener = target.closest?.("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault(); // without JavaScript a link goes to the page that holds the same form
      open(dialog, opener);
    }
  }
  if (target.closest?.("[data-dialog-close]")) target.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement && target.open && !target.hasAttribute("data-strict")) {
    const box = target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right
      && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && event.clientX + event.clientY > 0) target.close();
  }
});

// A dialog swapped in by htmx, or rendered again with errors, shows itself.
function openMarked(root) {
  for (const dialog of root.querySelectorAll?.("dialog[data-open]") ?? []) {
    dialog.removeAttribute("data-open");
    dialog.removeAttribute("open");
    open(dialog, document.activeElement);
  }
}
document.addEventListener("htmx:afterSettle", (event) => openMarked(event.target.parentElement ?? document));
openMarked(document);
document.addEventListener("jalon:close-dialog", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});

// --- confirmation ---------------------------------------------------------------------------------------------------
function ask(source, question) {
  const dialog = document.getElementById("confirm-dialog");
  if (!dialog) return Promise.resolve(window.confirm(question));
  dialog.querySelector("[data-confirm-title]").textContent = source.dataset.confirmTitle || "Confirmer";
  dialog.querySelector("[data-confirm-text]").textContent = question;
  const yes = dialog.querySelector("[data-confirm-yes]");
  yes.textContent = source.dataset.confirmYes || "Confirmer";
  yes.className = `btn ${source.dataset.confirmTone === "late" ? "btn-danger" : "btn-primary"}`;
  dialog.returnValue = "";
  open(dialog, document.activeElement);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const agreed = new WeakSet();
document.addEventListener("submit", async (event) => {
  const source = event.submitter?.hasAttribute("data-confirm") ? event.submitter : event.target;
  const question = source.dataset?.confirm;
  if (!question || agreed.has(event.target)) {
    agreed.delete(event.target);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(source, question)) {
    agreed.add(event.target);
    event.target.requestSubmit(event.submitter ?? undefined);
  }
}, true);

// hx-confirm and data-confirm on elements that htmx sends without a form
document.addEventListener("htmx:confirm", (event) => {
  const { elt, question } = event.detail;
  const text = question || (elt.tagName === "FORM" ? "" : elt.dataset?.confirm);
  if (!text) return;
  event.preventDefault();
  ask(elt, text).then((yes) => yes && event.detail.issueRequest(true));
});
