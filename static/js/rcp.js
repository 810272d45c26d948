// The meeting room's keyboard: j and k go from file to file, Ctrl+Enter records the opinion and goes on.
// Everything here is also a link or a button of the page.

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.closest?.("form[data-quick]");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(".btn-primary"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
