// The editor of target pathways: one more empty row when the last one is filled; saving is a plain submission, not the
// live preview's request (the form's hx-post).
document.addEventListener("change", (event) => {
  const row = event.target.closest?.("[data-row]");
  const field = row?.closest("[data-rows-field]");
  if (!field || row !== field.lastElementChild || !row.querySelector("select, input").value) return;
  const next = row.cloneNode(true);
  const number = field.children.length;
  for (const control of next.querySelectorAll("select, input")) {
    control.name = control.name.replace(/-\d+-(\d+)$/, `-${number}-$1`);
    control.id = control.name.replace(/-(\d+)-(\d+)$/, "_$1_$2").replace(/^/, "id_");
    control.setAttribute("aria-label", control.getAttribute("aria-label").replace(/\d+$/, number + 1));
    if (control.tagName === "SELECT") control.selectedIndex = 0;
    else control.value = "";
  }
  field.append(next);
});
