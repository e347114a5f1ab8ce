/** Suggestions shown at once. */
const maxShown = 8;

/**
 * Fields with `data-complete`, the id of a `<datalist>`: the word before the cursor is completed with its options. First
 * the names of fields, behind a colon the values of that field. As WAI-ARIA describes a combobox with a list.
 *
 * @see https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 */
export function completeLines(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-complete]")) complete(field);
}

function complete(field: HTMLInputElement): void {
  const words = [
    ...document.querySelectorAll<HTMLOptionElement>(`#${CSS.escape(field.dataset.complete ?? "")} option`),
  ].map(({ value }) => value);
  const list = document.createElement("ul");
  list.id = `${field.id}-suggestions`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.dataset.label ?? "");
  list.hidden = true;
  field.after(list);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");
  let chosen = -1;

  const choose = (place: number) => {
    chosen = place;
    for (const [index, option] of [...list.children].entries())
      option.setAttribute("aria-selected", String(index === place));
    const option = list.children[place];
    if (option === undefined) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
  };
  const show = (suggestions: readonly string[]) => {
    list.replaceChildren(
      ...suggestions.map((text, place) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${place}`;
        option.setAttribute("role", "option");
        option.textContent = text;
        // Before the field loses the focus.
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          take(text);
        });
        return option;
      }),
    );
    list.hidden = suggestions.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    choose(-1);
  };
  const take = (text: string) => {
    const [start, end] = wordAt(field);
    const space = text.endsWith(":") ? "" : " ";
    field.setRangeText(text + space, start, end, "end");
    show(text.endsWith(":") ? suggestionsOf(field, words) : []);
  };
  field.addEventListener("input", () => show(suggestionsOf(field, words)));
  field.addEventListener("blur", () => show([]));
  field.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "ArrowDown" && count === 0) show(suggestionsOf(field, words));
    else if (event.key === "ArrowDown") choose((chosen + 1) % count);
    else if (event.key === "ArrowUp" && count > 0) choose(chosen <= 0 ? count - 1 : chosen - 1);
    else if (event.key === "Escape" && count > 0) show([]);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0)
      take(list.children[chosen]?.textContent ?? "");
    else return;
    event.preventDefault();
  });
}

/** Where the word before the cursor begins, and where it ends. */
function wordAt({ value, selectionStart }: HTMLInputElement): readonly [start: number, end: number] {
  const at = selectionStart ?? value.length;
  return [value.slice(0, at).lastIndexOf(" ") + 1, at + value.slice(at).search(/\s|$/)];
}

function suggestionsOf(field: HTMLInputElement, words: readonly string[]): readonly string[] {
  const [start, end] = wordAt(field);
  const word = field.value.slice(start, end).toLowerCase();
  const [name = "", value] = word.split(":", 2);
  const fits = (text: string) => {
    // Values are suggested behind their own name only, and there wherever what was typed stands in them.
    if (value === undefined) return text.endsWith(":") && text.startsWith(name);
    return (
      text.startsWith(`${name}:`) && !text.endsWith(":") && text.toLowerCase().includes(value, name.length)
    );
  };
  return words.filter((text) => fits(text) && text !== word).slice(0, maxShown);
}
