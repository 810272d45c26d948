// Menus (<details class="j-menu">): close on Escape, on a click elsewhere, when the focus leaves; stay on the screen.
// Behind a dialog that only says something (data-aside) they stay as they are: what was typed in them is to be sent again.
const behind = () => document.querySelector("dialog[data-aside][open]") !== null;

function closeMenus(except = null) {
  if (behind()) return;
  for (const menu of document.querySelectorAll("details.j-menu[open]")) {
    if (menu === except) continue;
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside && !except) menu.querySelector("summary").focus();
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.j-menu")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus();
});
document.addEventListener("focusin", (event) => {
  const open = document.querySelector("details.j-menu[open]");
  if (open && !behind() && !open.contains(event.target)) open.open = false;
});

// A scrolling box (table, dialog) would cut the menu of its last rows, and the edge of a phone one that opens the wrong
// way: the panel leaves its place, set by hand.
function place(menu) {
  const panel = menu.querySelector(":scope > .j-menu-panel");
  if (!panel) return;
  panel.classList.remove("is-up", "is-fixed");
  panel.style.removeProperty("top");
  panel.style.removeProperty("left");
  const button = menu.querySelector("summary").getBoundingClientRect();
  const box = panel.getBoundingClientRect();
  const up = button.bottom + box.height + 12 > window.innerHeight && button.top > box.height + 12;
  const off = box.left < 8 || box.right > window.innerWidth - 8;
  if (!off && !menu.closest(".j-table-wrap, dialog")) {
    panel.classList.toggle("is-up", up);
    return;
  }
  const left = menu.classList.contains("j-menu-end") ? button.right - box.width : button.left;
  panel.classList.add("is-fixed");
  panel.style.top = `${Math.round(up ? button.top - box.height - 6 : button.bottom + 6)}px`;
  panel.style.left = `${Math.round(Math.max(8, Math.min(left, window.innerWidth - box.width - 8)))}px`;
}
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.j-menu[open]")) place(event.target);
}, true);
document.addEventListener("scroll", (event) => {
  const fixed = document.querySelector("details.j-menu[open] > .j-menu-panel.is-fixed");
  if (fixed && !fixed.contains(event.target)) fixed.parentElement.open = false;
}, true);
