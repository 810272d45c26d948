// The session that ends while somebody types. Nothing leaves the page: the login opens in another tab, whose last page
// (data-signed-in) tells the others, with the token that their forms need from then on. Tabs of the same origin only.
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("jalon-session");
const headers = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}");

function renew(token) {
  if (document.body.hasAttribute("hx-headers")) {
    document.body.setAttribute("hx-headers", JSON.stringify({ ...headers(), "X-CSRFToken": token }));
  }
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
}

function show(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal(); // above any other dialog, which a message in the corner would not be
}

// --- htmx: no session any more, or the token of an earlier login ----------------------------------------------------
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt } = event.detail;
  const login = document.documentElement.dataset.loginUrl;
  if (login && xhr.responseURL && new URL(xhr.responseURL).pathname === login && !elt.closest("[data-entrance]")) {
    event.detail.shouldSwap = false;
    show("session-expired");
  }
});
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  const why = xhr.getResponseHeader("Jalon-Session");
  if (!why) return;
  renew(xhr.getResponseHeader("Jalon-Token"));
  show(`session-${why}`);
});

// --- back: the other tabs may send again -----------------------------------------------------------------------------
const back = document.querySelector("[data-signed-in]");
if (back) channel?.postMessage({ token: headers()["X-CSRFToken"], who: back.dataset.signedIn });

channel?.addEventListener("message", (event) => {
  const { token, who } = event.data;
  renew(token);
  document.getElementById("session-expired")?.close();
  document.getElementById("session-stale")?.close();
  document.querySelectorAll("[data-signed-out]").forEach((each) => {
    each.hidden = true;
  });
  const said = document.querySelector("[data-signed-back]");
  if (said) said.textContent = `Vous êtes reconnecté au nom de ${who} : renvoyez ce que vous avez saisi.`;
  const message = `Vous êtes reconnecté au nom de ${who} : recommencez l’action.`;
  document.dispatchEvent(new CustomEvent("jalon:toast", { detail: { message, tone: "ok" } }));
});
