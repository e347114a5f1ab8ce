/** Shows the buttons that copy what stands before them. */
export function addCopyButtons(within: ParentNode): void {
  if (navigator.clipboard === undefined) return;
  for (const button of within.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    const text = button.previousElementSibling?.textContent ?? "";
    const before = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.copy ?? before;
      setTimeout(() => {
        button.textContent = before;
      }, 2_000);
    });
  }
}
