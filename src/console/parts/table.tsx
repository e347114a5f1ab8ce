import type { Child } from "hono/jsx";
import type { Visit } from "../page.ts";
import { shellWords } from "../words/shell.ts";

export interface Column {
  readonly name: string;
  /** `number`: to the right, digits below each other. `wide`: takes the room that is left. */
  readonly kind?: "number" | "wide";
}

interface TableProps {
  /** Read out before the table; also the name of the part that scrolls sideways on a phone. */
  readonly label: string;
  readonly columns: readonly Column[];
  /** `<tr>` each, with a `<td>` for each column; the first may be `<th scope="row">`. */
  readonly children?: Child;
}

/** Rows to compare. Cells get how they look from their column, so that a row of a thousand stays short. */
export function Table({ label, columns, children }: TableProps) {
  return (
    <section class="scroll" aria-label={label} tabindex={0}>
      <table>
        <colgroup>
          {columns.map(({ kind }) => (
            <col class={kind} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map(({ name, kind }) => (
              <th scope="col" class={kind}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

interface PagerProps {
  readonly visit: Visit;
  /** Of the page behind this one; null: this is the last. */
  readonly next: string | null;
  /** How many rows are shown, as a text; left out: not said. */
  readonly shown?: string;
}

/** On to the next page; lists have cursors and no numbers of pages. */
export function Pager({ visit, next, shown }: PagerProps) {
  const w = visit.words(shellWords);
  const isFirst = visit.query("cursor") === null;
  if (next === null && isFirst && shown === undefined) return null;
  return (
    <p class="pager">
      {shown === undefined ? null : <span class="quiet">{shown}</span>}
      {isFirst ? null : <a href={visit.hrefHere({ cursor: null })}>{w.first}</a>}
      {next === null ? null : (
        <a rel="next" href={visit.hrefHere({ cursor: next })}>
          {w.more}
        </a>
      )}
    </p>
  );
}
