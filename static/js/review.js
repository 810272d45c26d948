// The review of a team: the arrows go from one patient to the next. The buttons do the same without this file.
const FIELD = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const MOVES = { ArrowLeft: "previous", ArrowRight: "next" };

document.addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  if (!move || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest?.(`${FIELD}, .j-tabs, [role=region]`) || document.querySelector("dialog[open]")) return;
  const button = document.querySelector(`[data-review="${move}"]:not(:disabled)`);
  if (!button) return;
  event.preventDefault();
  button.click();
});
