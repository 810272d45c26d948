// Fragments that ask for themselves again: <div data-live="/url/" data-live-every="15" data-live-banner="id">. The
// answer replaces what is inside; 304 leaves it. When the server cannot be reached, the banner says how old the page is
// and the next tries come by themselves, without a message each time. Nothing is asked while the page is hidden, and
// nothing is replaced under a hand: a form being filled, a request on its way; the banner then says that there is newer.
// What is unfolded stays so. When the answer is about another day (data-live-shows), the whole page is loaded again.
const FIRST_RETRY = 5;
const LONGEST_RETRY = 60;

const changed = (field) => {
  if (field.matches("select")) return [...field.options].some((each) => each.selected !== each.defaultSelected);
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
};

const busy = (place) => {
  const focused = document.activeElement;
  if (place.contains(focused) && focused.matches("input, select, textarea")) return true;
  if (place.querySelector(".htmx-request") !== null || document.querySelector("dialog[open]") !== null) return true;
  return [...place.querySelectorAll("input:not([type=hidden]), select, textarea")].some(changed);
};

const nameOf = (details) => `${details.closest("[id]")?.id}|${details.querySelector("summary")?.textContent.trim()}`;

function follow(place) {
  const every = Number(place.dataset.liveEvery) || 15;
  const banner = document.getElementById(place.dataset.liveBanner);
  const words = banner?.querySelector("[data-live-words]");
  const shows = place.dataset.liveShows;
  let mark = "";
  let first = "";
  let asOf = place.dataset.liveAt ?? "";
  let failures = 0;
  let timer = 0;

  const later = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, seconds * 1000);
  };

  const say = (text) => {
    if (!banner) return;
    if (words.textContent !== text) words.textContent = text;
    banner.hidden = false;
  };

  const lost = () => {
    failures += 1;
    say(`Données de ${asOf}, connexion perdue, nouvel essai…`);
    later(Math.min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY));
  };

  const wait = (words) => {
    failures = 0;
    if (words) say(words);
    else if (banner) banner.hidden = true;
    later(every);
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
    const unfolded = new Set([...place.querySelectorAll("details[open]")].map(nameOf));
    place.innerHTML = html;
    place.querySelectorAll("details").forEach((each) => {
      if (unfolded.has(nameOf(each))) each.open = true;
    });
    window.htmx?.process(place);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  async function ask() {
    if (!place.isConnected) return;
    if (document.hidden) {
      later(every);
      return;
    }
    try {
      const headers = { "Jalon-Live": "1", ...(mark && { "If-None-Match": mark }) };
      const response = await fetch(place.dataset.live, { headers, cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (response.redirected) {
        if (busy(document.body)) {
          // A word typed anywhere in the page would be lost by the login.
          wait(`Données de ${asOf} : votre session a expiré.`);
          return;
        }
        window.location.reload(); // the session has ended: the page leads to the login
        return;
      }
      if (response.status !== 304 && !response.ok) throw new Error(String(response.status));
      const html = response.status === 200 ? await response.text() : "";
      const elsewhere = (response.headers.get("Jalon-Shows") ?? shows) !== shows;
      if ((html || elsewhere) && busy(place)) {
        const latest = response.headers.get("ETag") ?? "";
        const news = elsewhere || latest !== (mark || first || latest);
        first ||= latest; // the mark of what the page showed when it was loaded is not known
        wait(news && `Données de ${asOf} : il y a du nouveau, affiché dès que vous aurez fini votre saisie.`);
        return;
      }
      if (elsewhere) {
        window.location.reload();
        return;
      }
      if (html) {
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
