/** Long tables have times without a title each; it is added where somebody points. */
export function tellUtc(): void {
  document.addEventListener("pointerover", ({ target }) => {
    if (!(target instanceof HTMLTimeElement) || target.title !== "") return;
    target.title = target.dateTime.replace("T", " ").replace("Z", " UTC");
  });
}
