/** The engine's tables from lists, maps, options and fields: who writes one is told, and who writes another of the same list is not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

test("what is written by way of lists, maps, options and fields", () => {
  const { found, expected } = judge(
    "C-3",
    `
import { processedEvents } from "@brain/engine";
import { sql } from "drizzle-orm";
import { put as putFar } from "../lib/put.ts";
import { books } from "./tables.ts";
const tables = [books, processedEvents] as const;
const named = new Map([["claims", processedEvents], ["books", books]]);
function put(tx: Tx, options: { table: Table }) { return tx.insert(options.table).values({}); }
const clear = (tx: Tx, { table }: { table: Table }) => tx.delete(table);
class Store { constructor(private readonly table: Table) {} clear(tx: Tx) { return tx.delete(this.table); } }
class Base { protected readonly table: Table = books; clear(tx: Tx) { return tx.delete(this.table); } }
class Derived extends Base { protected override readonly table = processedEvents; }
class Reader extends Base { protected override readonly table = processedEvents; override clear(tx: Tx) { return tx.select().from(this.table); } }
export const a = (tx: Tx) => tx.insert(tables[1]).values({}); //! C-3
export const b = (tx: Tx) => tx.insert(tables.at(1)!).values({}); //! C-3
export const c = (tx: Tx) => tx.delete(named.get("claims")!); //! C-3
export const d = (tx: Tx) => put(tx, { table: processedEvents }); //! C-3
export const e = (tx: Tx) => clear(tx, { table: processedEvents }); //! C-3
export const f = new Store(processedEvents); //! C-3
export const g = new Derived(); //! C-3
export class Own {
  private readonly table = processedEvents;
  clear(tx: Tx) { return tx.delete(this.table); } //! C-3
}
export const h = {
  table: processedEvents,
  clear(tx: Tx) { return tx.delete(this.table); }, //! C-3
};
export const i = (tx: Tx, { table = processedEvents } = {}) => tx.delete(table); //! C-3
export const j = (tx: Tx) => tx.delete(Object.values({ processedEvents })[0]!); //! C-3
export const k = (tx: Tx) => putFar({ tx, to: { table: processedEvents } }); //! C-3
export const right = [
  (tx: Tx) => tx.insert(tables.at(0)!).values({}),
  (tx: Tx) => tx.delete(named.get("books")!),
  (tx: Tx) => tx.select().from(tables[1]),
  (tx: Tx) => put(tx, { table: books }),
  (tx: Tx) => putFar({ tx, to: { table: books }, from: processedEvents }),
  new Store(books),
  new Base(),
  new Reader(),
];`,
    {
      "src/lib/put.ts": `export const put = ({ tx, to, from }: Given) => tx.insert(to.table).select(tx.select().from(from));`,
    },
  );
  expect(found).toEqual(expected);
});
