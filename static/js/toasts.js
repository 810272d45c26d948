// Short messages at the corner of the screen, read aloud by screen readers. Also raised by the server with
// the header HX-Trigger: {"jalon:toast": {"message": "…", "tone": "ok"}}.
const LIFE_MS = 6000;

function area() {
  return document.getElementById("toasts");
}

function build(message, tone) {
  const model = document.getElementById(`toast-${tone}`) ?? document.getElementById("toast-info");
  const node = model.content.firstElementChild.cloneNode(true);
  node.querySelector("[data-toast-text]").textContent = message;
  return node;
}

function toast(message, tone = "info") {
  const place = area();
  if (!place) return;
  const node = build(message, tone);
  place.append(node);
  // A failure stays until it is closed: it must not vanish unread.
  if (tone === "late") return;
  let timer = window.setTimeout(() => node.remove(), LIFE_MS);
  node.addEventListener("mouseenter", () => window.clearTimeout(timer));
  node.addEventListener("mouseleave", () => {
    timer = window.setTimeout(() => node.remove(), LIFE_MS);
  });
}

document.addEventListener("jalon:toast", (event) => {
  const { message, tone } = event.detail;
  if (message) toast(message, tone);
});

document.addEventListener("click", (event) => {
  event.target.closest?.("[data-close]")?.closest("[data-closable]")?.remove();
});
