// Keyboard, copy, print, and what htmx must say when it fails. Behaviours are hooked by data-* attributes and delegated
// from the document, so that fragments swapped by htmx need no set-up. Every page works without these files; they only
// make things shorter. The files of this folder do not import one another (their published names carry a hash): they
// speak by events.
const toast = (message, tone) => {
  document.dispatchEvent(new CustomEvent("jalon:toast", { detail: { message, tone } }));
};

const FIELD = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const typing = (target) => target.closest?.(FIELD);
const off = () => document.documentElement.dataset.keys === "off"; // see keyboard.js

// --- keyboard: « / » to the search, j and k along the rows, Enter opens ------------------------------------------
function rows() {
  const table = document.querySelector("[data-rows]");
  return table ? [...table.querySelectorAll("tbody tr")].filter((row) => row.querySelector("a[href]")) : [];
}

function moveRow(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  const link = next.querySelector("[data-row-link]") ?? next.querySelector("a[href]");
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || off()) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    const field = document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "j" || event.key === "k") {
    if (moveRow(event.key === "j" ? 1 : -1)) event.preventDefault();
  }
});

// --- copy, print ----------------------------------------------------------------------------------------------------
document.addEventListener("click", async (event) => {
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      toast("Copié dans le presse-papiers.", "ok");
    } catch {
      toast("La copie n’a pas abouti : sélectionnez le texte et copiez-le à la main.", "soon");
    }
  }
  if (event.target.closest?.("[data-print]")) window.print();
});

// --- htmx: failures are told; those of the session by session.js -----------------------------------------------------
const REASONS = {
  403: "Vous n’avez pas le droit de faire cette action.",
  404: "Cet élément n’existe plus ou ne vous est pas ouvert.",
  409: "Quelqu’un a modifié cet élément entre-temps : rechargez la page.",
  413: "Le fichier est trop volumineux.",
  429: "Trop de demandes en peu de temps : patientez une minute.",
  503: "Le service est momentanément indisponible : réessayez dans quelques minutes.",
};
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.getResponseHeader("Jalon-Session")) return;
  const reason = REASONS[event.detail.xhr.status];
  toast(reason ?? "L’action n’a pas abouti. Réessayez ; si cela continue, prévenez l’assistance.", "late");
});
document.addEventListener("htmx:sendError", (event) => {
  // The answer may have been lost after the server acted: only a reading is known to have changed nothing.
  const reading = event.detail.requestConfig?.verb === "get";
  const advice = reading ? "réessayez dans un instant." : "vérifiez si c’est enregistré avant de recommencer.";
  toast(`Connexion interrompue : ${advice}`, "late");
});
document.addEventListener("htmx:timeout", () => {
  toast("Le serveur tarde à répondre. Vérifiez avant de recommencer.", "soon");
});

// The page title and the focus follow when htmx replaces the main content.
document.addEventListener("htmx:afterSettle", (event) => {
  event.detail.elt.querySelector?.("[data-autofocus]")?.focus();
});
