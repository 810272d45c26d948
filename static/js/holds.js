// Places kept for a few minutes: counts down to the end, then says that they are free again. The hour written by the
// server stays for whoever has no script, and for screen readers, told once at the end.
for (const place of document.querySelectorAll("[data-until]")) {
  const until = Date.parse(place.dataset.until);
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) {
      place.textContent = "maintenant : la place n’est plus retenue";
      place.closest(".co-holds")?.classList.add("is-over");
      clearInterval(timer);
      return;
    }
    const seconds = String(left % 60).padStart(2, "0");
    place.title = `encore ${Math.floor(left / 60)} min ${seconds} s`;
    if (!place.nextElementSibling) place.insertAdjacentHTML("afterend", '<span class="co-left" aria-hidden="true"></span>');
    place.nextElementSibling.textContent = ` (${Math.floor(left / 60)}:${seconds})`;
  };
  const timer = setInterval(tick, 1000);
  tick();
}
