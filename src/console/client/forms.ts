/**
 * Fields that are sent as soon as something else is chosen by pointing. The arrow keys choose what is passed on the way,
 * too: there it is the button that sends, or no third choice was reached.
 */
export function sendOnChange(): void {
  for (const field of document.querySelectorAll<HTMLSelectElement>("[data-submit]")) {
    let isByKey = false;
    field.addEventListener("keydown", () => {
      isByKey = true;
    });
    field.addEventListener("pointerdown", () => {
      isByKey = false;
    });
    field.addEventListener("change", () => {
      if (!isByKey) field.form?.requestSubmit();
    });
  }
}

/**
 * The link that a start prints has its key behind the "#", which no server is sent. Opened where the form is shown already,
 * it loads nothing anew.
 */
export function fillFromFragment(): void {
  fill();
  window.addEventListener("hashchange", fill);
}

function fill(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("[data-from-fragment]")) {
    const given = new URLSearchParams(location.hash.slice(1)).get(field.dataset.fromFragment ?? "");
    if (given === null) continue;
    field.value = given;
    history.replaceState(null, "", location.pathname + location.search);
  }
}
