/** Tables under other names, by makers of the project, in schemas, and by way of other files: each is judged as `pgTable("…")` is. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const drizzle = `
import { processedEvents, tenantRows, withoutTenants } from "@brain/engine";
import * as pg from "drizzle-orm/pg-core";
import { pgSchema, pgTable, pgTable as asTable, pgTableCreator, text, uuid } from "drizzle-orm/pg-core";
import { bookTable, nameOf, ownTable, tables as kit } from "../lib/kit.ts";`;

const kit = {
  "src/lib/kit.ts": `import * as pg from "drizzle-orm/pg-core";
import { pgTable, uuid } from "drizzle-orm/pg-core";
import { tenantRows } from "@brain/engine";
export * from "./names.ts";
export const bookTable = (name: string, columns = { id: uuid() }) => pgTable(nameOf(name), columns);
export function ownTable(name: string) {
  const columns = { id: uuid() };
  return pgTable(\`shelf_\${name}\`, columns, () => [...tenantRows()]);
}
export const tables = { make: pg.pgTable, table: (name: string) => bookTable(name) };
import { nameOf } from "./names.ts";`,
  "src/lib/names.ts": `export const nameOf = (name: string) => ["shelf", name].join("_");`,
};

test("who says of a table whose rows it has", () => {
  const { found, expected } = judge(
    "TR-1",
    `${drizzle}
const columns = { id: uuid() };
const table = pgTable;
const { pgTable: taken } = pg;
const named = pgTableCreator((name) => \`shelf_\${name}\`);
const own = pgSchema("shelf");
const through = (name: string) => bookTable(name, columns);
class Tables { static make(name: string) { return pgTable(nameOf(name), columns); } }
const names = { far: "shelf_far" } as const;
export const a = table("shelf_a", columns); //! TR-1
export const b = asTable("shelf_b", columns); //! TR-1
export const c = taken("shelf_c", columns); //! TR-1
export const d = named("d", columns); //! TR-1
export const e = own.table("e", columns); //! TR-1
export const f = bookTable("f", columns); //! TR-1
export const g = through("g"); //! TR-1
export const h = Tables.make("h"); //! TR-1
export const i = kit.make("shelf_i", columns); //! TR-1
export const j = kit.table("j"); //! TR-1
export const k = pgTable(names.far, columns); //! TR-1
export const l = pg["pgTable"]("shelf_l", columns); //! TR-1
export const [m, n] = ["m", "n"].map((name) => pgTable(nameOf(name), columns)); //! TR-1
export const o = pgSchema("other").table("o", columns); //! TR-1
export const p = pgTable.call(null, "shelf_p", columns); //! TR-1
const { table: inOwn } = own;
export const q = inOwn("q", columns); //! TR-1
export const said = [
  table("shelf_r", columns, () => [...tenantRows()]),
  named("s", columns, () => tenantRows()),
  own.table("t", columns).enableRLS(),
  ownTable("u"),
  ownTable("v"),
];
export const w = table("shelf_w", columns);
export const x = named("x", columns);
export const y = bookTable("y");
withoutTenants(w, "the same for all");
for (const one of [x, y]) withoutTenants(one, "the same for all");
export const text2 = text("shelf_text");
`,
    kit,
  );
  expect(found).toEqual(expected);
});

test("whose table it is", () => {
  const { found, expected } = judge(
    "11.1 C-3",
    `${drizzle}
import { sql } from "drizzle-orm";
import { withUser } from "../http/users.ts";
import { app } from "../counter/app.ts"; //! 11.1
const named = pgTableCreator((name) => \`desk_\${name}\`);
const table = pgTable;
const claims = table("processed_events", { id: uuid() });
const ours = pgSchema("shelf").table("processed_events", { id: uuid() });
export const a = named("doors", { id: uuid() }); //! 11.1
export const b = (tx: Tx) => tx.execute(sql\`SELECT 1 FROM desk_keys\`); //! 11.1
export const c = (tx: Tx) => tx.execute(sql\`SELECT 1 FROM desk_keys_of_ours\`);
export const d = (tx: Tx) => tx.insert(claims).values({}); //! C-3
export const e = (tx: Tx) => tx.insert(ours).values({});
export const f = (tx: Tx) => tx.execute(sql\`DELETE FROM \${sql.raw(new Map([["t", "processed_events"]]).get("t")!)}\`); //! C-3
`,
    {
      ...kit,
      "src/http/users.ts": `import type { Context, Next } from "hono";
export const withUser = (context: Context, next: Next) => next();`,
      "src/counter/app.ts": `import { Hono } from "hono";
export const app = new Hono();`,
      "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
      "src/desk/tables.ts": `import { pgTable as table, pgTableCreator, uuid } from "drizzle-orm/pg-core";
const make = pgTableCreator((name) => "desk_" + name);
export const doors = table("desk_doors", { id: uuid() });
export const keys = make("keys", { id: uuid() });`,
    },
  );
  expect(found).toEqual(expected);
});
