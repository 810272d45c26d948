// Light or dark, before the first paint: loaded in <head> without `defer`, hence a classic script.
// Nothing stored means « as the system »: the style sheet then follows prefers-color-scheme by itself.
(() => {
  const root = document.documentElement;
  const KEY = "jalon-theme";
  root.classList.add("js");

  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage refused by the browser: the switch lasts for the page only
    }
  }

  function apply(choice) {
    if (choice === "light" || choice === "dark") root.dataset.bsTheme = choice;
    else delete root.dataset.bsTheme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (choice || "auto")));
    }
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice === "auto" ? null : button.dataset.themeChoice;
    try {
      if (choice) localStorage.setItem(KEY, choice);
      else localStorage.removeItem(KEY);
    } catch {
      // same as above
    }
    apply(choice);
  });
})();
