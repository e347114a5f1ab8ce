import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { Fragment } from "hono/jsx/jsx-runtime";
import { escapeToBuffer } from "hono/utils/html";
import type { Visit } from "../page.ts";
import { shellWords } from "../words/shell.ts";

export interface Column {
  readonly name: string;
  /** `number`: to the right, digits below each other. `wide`: takes the room that is left. */
  readonly kind?: "number" | "wide";
}

interface TableProps {
  /** Read out before the table; also the name of the part that scrolls sideways where it is wider than its place. */
  readonly label: string;
  readonly columns: readonly Column[];
  /** On a phone cells stand side by side, for lists of hundreds of rows that are looked through. */
  readonly isDense?: boolean;
  /** `<tr>` each, with a `<td>` for each column; the first may be `<th scope="row">`. No tables within. */
  readonly children?: Child;
}

/** Longer tables stay tables on a phone, too, and scroll sideways: a label in each cell would double their size. */
const maxBlocks = 250;

/**
 * Rows to compare. Cells get how they look from their column, so that a row of a thousand stays short. On a phone a row
 * is a block, in which each cell says its column.
 */
export async function Table({ label, columns, isDense = false, children }: TableProps) {
  const rows = await Fragment({ children }).toString();
  const hasBlocks = rows.split("<tr").length - 1 <= maxBlocks;
  return (
    <section class="scroll" aria-label={label} tabindex={0}>
      <table class={hasBlocks ? (isDense ? "blocks dense" : "blocks") : undefined}>
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
        <tbody>{raw(hasBlocks ? labelCells(rows, columns) : rows)}</tbody>
      </table>
    </section>
  );
}

/**
 * Gives each cell the name of its column as `data-label`: what no style sheet can know. Rows come from parts of many
 * kinds, so it is done to what they became, in which every `<` and `>` of a text is escaped. A heading of a row needs
 * no label, and an empty cell is not shown where labels are.
 */
function labelCells(rows: string, columns: readonly Column[]): string {
  const labels = columns.map(({ name }) => escaped(name));
  let column = 0;
  return rows.replaceAll(/<(tr|td|th)( [^>]*)?>(<\/td>)?/g, (whole, tag, attributes = "", end) => {
    if (tag === "tr") {
      column = 0;
      return whole;
    }
    const label = labels[column++] ?? "";
    const isBare = tag === "th" || end !== undefined || label === "";
    return isBare ? whole : `<td data-label="${label}"${attributes}>`;
  });
}

function escaped(text: string): string {
  const buffer: [string] = [""];
  escapeToBuffer(text, buffer);
  return buffer[0];
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
