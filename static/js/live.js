// Fragments that ask for themselves again: <div data-live="/url/" data-live-every="15" data-live-banner="id">. The
// answer replaces what is inside; 304 leaves it. When the server cannot be reached, the banner says how old the page is
// and the next tries come by themselves, without a message each time. Nothing is asked while the page is hidden, and
// nothing is replaced under a hand: a form being filled, a request on its way, a list unfolded.
const FIRST_RETRY = 5;
const LONGEST_RETRY = 60;

const busy = (place) => {
  const focused = document.activeElement;
  const typing = place.contains(focused) && focused.matches("input, select, textarea");
  return typing || place.querySelector(".htmx-request, details[open]") !== null || document.querySelector("dialog[open]") !== null;
};

function follow(place) {
  const every = Number(place.dataset.liveEvery) || 15;
  const banner = document.getElementById(place.dataset.liveBanner);
  const words = banner?.querySelector("[data-live-words]");
  let mark = "";
  let asOf = place.dataset.liveAt ?? "";
  let failures = 0;
  let timer = 0;

  const later = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, seconds * 1000);
  };

  const lost = () => {
    failures += 1;
    if (banner && banner.hidden) {
      words.textContent = `Données de ${asOf}, connexion perdue, nouvel essai…`;
      banner.hidden = false;
    }
    later(Math.min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY));
  };

  const found = (response) => {
    failures = 0;
    asOf = response.headers.get("Jalon-As-Of") ?? asOf;
    if (banner) banner.hidden = true;
    document.querySelectorAll("[data-live-time]").forEach((each) => {
      each.textContent = asOf;
    });
  };

  const replace = (html) => {
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    place.innerHTML = html;
    window.htmx?.process(place);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  async function ask() {
    if (!place.isConnected) return;
    if (document.hidden || busy(place)) {
      later(every);
      return;
    }
    try {
      const headers = { "Jalon-Live": "1", ...(mark && { "If-None-Match": mark }) };
      const response = await fetch(place.dataset.live, { headers, cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (response.redirected) {
        window.location.reload(); // the session has ended: the page leads to the login
        return;
      }
      if (response.status !== 304 && !response.ok) throw new Error(String(response.status));
      if (response.status === 200) {
        const html = await response.text();
        if (busy(place)) {
          later(every);
          return;
        }
        mark = response.headers.get("ETag") ?? "";
        replace(html);
      }
      found(response);
      later(every);
    } catch {
      lost();
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  window.addEventListener("online", ask);
  later(every);
}

document.querySelectorAll("[data-live]").forEach(follow);
