/** How long the second key of two may take, ms. */
const patienceMs = 1_500;

/** "/" searches, "g" and a letter go to a page, "?" tells what there is; nothing does where they are switched off. */
export function listenToKeys(): void {
  const showHelp = () => document.querySelector<HTMLDialogElement>("dialog#keys")?.showModal();
  const button = document.querySelector<HTMLElement>("[data-keys]");
  button?.addEventListener("click", showHelp);
  if (button !== null) button.hidden = false;
  if (document.body.dataset.shortcuts === "off") return;
  let wentAt = Number.NEGATIVE_INFINITY;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isSecond = event.timeStamp - wentAt < patienceMs;
    wentAt = Number.NEGATIVE_INFINITY;
    if (isSecond) {
      const link = document.querySelector<HTMLAnchorElement>(`a[data-go="${CSS.escape(event.key)}"]`);
      if (link === null) return;
      event.preventDefault();
      location.assign(link.href);
    } else if (event.key === "g") wentAt = event.timeStamp;
    else if (event.key === "/") {
      const search = document.getElementById("search");
      if (search === null) return;
      event.preventDefault();
      search.focus();
    } else if (event.key === "?") showHelp();
  });
}

/** Where the menu lies over the page it is closed by Esc, and when the focus goes on to what it covers. */
export function closeMenu(): void {
  const menu = document.querySelector<HTMLDetailsElement>("details#menu");
  menu?.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  menu?.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}
