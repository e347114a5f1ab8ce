/** C-3: the engine's tables, written behind other names: each is found in its line, and what is right is not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const forms: Readonly<Record<string, string>> = {
  "given to a function that writes it": `
const put = (tx: Tx, table: Table) => tx.insert(table).values({});
export const own = (tx: Tx) => put(tx, books);
export const claim = (tx: Tx) => put(tx, processedEvents); //! C-3`,
  "given to a function that only asks it, or writes another one": `
const count = (tx: Tx, table: Table) => tx.select().from(table);
const copy = (tx: Tx, from: Table, to: Table) => tx.insert(to).select(tx.select().from(from));
export const claims = (tx: Tx) => count(tx, processedEvents);
export const kept = (tx: Tx) => copy(tx, processedEvents, books);`,
  "a default, a choice, a loop, a function, a part of a table, and call": `
const tables = { claims: processedEvents, books } as const;
const { claims, books: shelf } = tables;
const table = () => processedEvents;
export const put = (tx: Tx, into = processedEvents) => tx.insert(into).values({}); //! C-3
export const either = (tx: Tx, all: boolean) => tx.delete(all ? processedEvents : books); //! C-3
export async function all(tx: Tx) {
  for (const one of [books, processedEvents]) await tx.delete(one); //! C-3
  for (const one of [books]) await tx.delete(one);
  await tx.delete(table()); //! C-3
  await tx.update(tables.claims).set({}); //! C-3
  await tx.update(tables.books).set({});
  await tx.delete(claims); //! C-3
  await tx.delete(shelf);
  await tx.delete.call(tx, processedEvents); //! C-3
  await tx.delete.call(tx, books);
}`,
};

test.each(Object.entries(forms))("%s", (_, lines) => {
  const head = 'import { processedEvents } from "@brain/engine";\nimport { books } from "./tables.ts";';
  const { found, expected } = judge("C-3", `${head}\n${lines.trim()}`);
  expect(found).toEqual(expected);
});
