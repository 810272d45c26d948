// The palette (Ctrl+K): a page, an action, a patient, found by typing. A combobox over one list of options; each option
// leads to an address (data-url). Patients come from the server by POST: what is typed never stands in an address.
const dialog = document.getElementById("palette");
const field = dialog?.querySelector("[data-palette-field]");
const list = dialog?.querySelector("[role=listbox]");
const nothing = dialog?.querySelector("[data-palette-nothing]");

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const shown = () => [...list.querySelectorAll("[role=option]:not([hidden])")];

function choose(option) {
  for (const each of list.querySelectorAll("[aria-selected=true]")) each.setAttribute("aria-selected", "false");
  if (option) {
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function narrow() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  for (const option of list.querySelectorAll("[data-local] [role=option]")) {
    const text = plain(option.textContent);
    option.hidden = !words.every((word) => text.includes(word));
  }
  if (!words.length) document.getElementById("palette-patients")?.replaceChildren();
  refresh();
}

function refresh() {
  for (const group of list.querySelectorAll("[role=group]")) {
    group.hidden = !group.querySelector("[role=option]:not([hidden])");
  }
  const found = shown();
  nothing.hidden = found.length > 0;
  choose(found[0]);
}

// The links and buttons that a page offers at its top are its actions: they are found here too.
function ofThisPage() {
  const group = dialog.querySelector("[data-palette-page]");
  if (!group) return;
  group.querySelectorAll("[role=option]").forEach((each) => each.remove());
  document.querySelectorAll(".j-page-actions a[href]").forEach((link, at) => {
    const option = document.createElement("div");
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.id = `palette-page-${at}`;
    option.className = "j-palette-item";
    option.dataset.url = link.href;
    option.textContent = link.textContent.trim();
    group.append(option);
  });
}

function open() {
  ofThisPage();
  field.value = "";
  dialog.showModal();
  field.focus();
  narrow();
}

function go(option) {
  if (!option) return;
  dialog.close();
  window.location.assign(option.dataset.url);
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
    if (dialog.open) {
      event.preventDefault();
      dialog.close();
    } else if (!document.querySelector("dialog[open]")) {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-palette-open]")) open();
  });
  field.addEventListener("input", narrow);
  field.addEventListener("keydown", (event) => {
    const found = shown();
    const at = found.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      if (found.length) choose(found[(next + found.length) % found.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(found[at]);
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
  dialog.addEventListener("htmx:afterSwap", refresh);
}
