/** Names and statements that helpers, methods, templates and classes put together. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const desk: More = {
  "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
  "src/desk/tables.ts": `import { pgTable, uuid } from "drizzle-orm/pg-core";
export const returns = pgTable("desk_returns", { id: uuid() });`,
  "src/lib/door.ts": `export { returns as rows } from "../desk/tables.ts";`,
};
const forms: Readonly<Record<string, Form>> = {
  "types of events by functions, methods, templates and functions that make functions": [
    "N-1 N-4 N-3 N-5",
    `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
const domain = "library";
const named = (resource: string, action: string) => \`\${domain}.\${resource}.\${action}\`;
function typed(action: string) { const type = \`library.book.\${action}\`; return type; }
class Names { static of(action: string) { return "library.book." + action; } by(action: string) { return \`library.book.\${action}\`; } }
const names = { of: (action: string) => ["library", "book", action].join("."), dotted(...parts: string[]) { return parts.join("."); } };
export const one = defineEvent(named("book", "lend"), { version: 1, module: "shelf", payload }); //! N-4
export const two = defineEvent(typed("shelve"), { version: 1, module: "shelf", payload }); //! N-4
export const three = defineEvent(Names.of("open"), { version: 1, module: "shelf", payload }); //! N-4
export const four = defineEvent(names.of("close"), { version: 1, module: "shelf", payload }); //! N-4
export const five = defineEvent(names.dotted("library", "books", "lent"), { version: 1, module: "shelf", payload }); //! N-3
export const six = defineEvent(new Names().by("read"), { version: 1, module: "shelf", payload });
export const seven = defineEvent(new Names().by("write"), { version: 1, module: "shelf", payload }); //! N-4
const make = (action: string) => defineEvent(\`library.book.\${action}\`, { version: 1, module: "shelf", payload });
export const bookLend = make("lend"); //! N-4
const lib = { event: (action: string) => defineEvent(\`library.book.\${action}\`, { version: 1, module: "shelf", payload }) };
export const bookTake = lib.event("take"); //! N-4
class Maker { event(action: string) { return defineEvent(\`library.book.\${action}\`, { version: 1, module: "shelf", payload }); } static make(type: string) { return defineEvent(type, { version: 1, module: "shelf", payload }); } }
export const bookGive = new Maker().event("give"); //! N-4
export const bookKeep = Maker.make("library.book.keep"); //! N-4
const event = (resource: string) => (action: string) => defineEvent(\`library.\${resource}.\${action}\`, { version: 1, module: "shelf", payload });
export const bookTurn = event("book")("turn"); //! N-4
export const okay = make("lent");
const inner = { make: (type: string) => { const options = { version: 1, module: "shelf", payload }; return defineEvent(type, options); } };
export const bookFind = inner.make("library.book.find"); //! N-4
`,
  ],
  "statements by aliases, helpers, tags and drivers": [
    "11.1",
    `
import { sql } from "drizzle-orm";
import { rows } from "../lib/door.ts"; //! 11.1
export const q1 = (db: Db) => db.execute(sql\`SELECT r.id FROM desk_returns r JOIN shelf_books b ON b.id = r.id\`); //! 11.1
export const q2 = (db: Db) => db.execute(sql\`INSERT INTO shelf_books SELECT id FROM desk_returns AS r\`); //! 11.1
export const q4 = (db: Db) => db.execute("WITH x AS (SELECT * FROM public.desk_returns) SELECT * FROM x"); //! 11.1
export const q5 = (db: Db) => db.execute("UPDATE shelf_books b SET id = r.id FROM desk_returns r WHERE r.id = b.id"); //! 11.1
export const q6 = (db: Db) => db.execute("DELETE FROM shelf_books b USING desk_returns r WHERE r.id = b.id"); //! 11.1
export const q7 = (db: Db) => db.execute("MERGE INTO desk_returns r USING shelf_books b ON b.id = r.id WHEN MATCHED THEN DELETE"); //! 11.1
export const q8 = (db: Db) => db.execute("SELECT desk_returns.id FROM shelf_books desk_returns");
export const q9 = (db: Db) => db.execute(\`SELECT (SELECT count(*) FROM "desk_returns") FROM shelf_books\`); //! 11.1
const table = "desk_returns";
export const q10 = (db: Db) => db.execute(\`SELECT * FROM \${table} r\`); //! 11.1
const named = (name: string) => \`desk_\${name}\`;
export const q11 = (db: Db) => db.execute(\`SELECT * FROM \${named("returns")} r\`); //! 11.1
const tables = { returns: "desk_returns" };
export const q12 = (db: Db) => db.execute(\`SELECT * FROM \${tables.returns} r\`); //! 11.1
export const q13 = (db: Db) => db.execute(["SELECT *", "FROM desk_returns"].join(" ")); //! 11.1
const run = (db: Db, text: string) => db.execute(text);
export const q14 = (db: Db) => run(db, "SELECT * FROM desk_returns"); //! 11.1
class Repo { constructor(private db: Db) {} ask(text: string) { return this.db.query(text); } all() { return this.ask("SELECT * FROM desk_returns"); } } //! 11.1
export const q16 = (db: Db) => db.execute("COPY desk_returns TO STDOUT"); //! 11.1
export const q17 = (db: Db) => db.execute("TRUNCATE shelf_books, desk_returns"); //! 11.1
export const q18 = (db: Db) => db.execute("TABLE desk_returns"); //! 11.1
export const q19 = (db: Db) => db.$client.query({ text: "SELECT 1 FROM desk_returns" }); //! 11.1
export const q20 = (db: Db) => db.execute("SELECT 'FROM desk_returns' -- FROM desk_returns");
export const q21 = (db: Db) => db.execute("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1 FROM t JOIN desk_returns ON true) SELECT * FROM t"); //! 11.1
export const q22 = (db: Db) => db.prepare("SELECT * FROM desk_returns").all(); //! 11.1
const asText = (db: Db, id: string, text: string) => db.pool.query({ text, values: [id] });
export const q23 = (db: Db) => asText(db, "1", "SELECT * FROM desk_returns"); //! 11.1
const asRaw = async (db: Db, text: string) => { const limited = text + " LIMIT 5"; return (await db.execute(sql.raw(limited))).rows; };
export const q24 = (db: Db) => asRaw(db, \`SELECT * FROM desk_returns\`); //! 11.1
const further = (db: Db, ...texts: string[]) => Promise.all(texts.map((text) => run(db, text)));
export const q25 = (db: Db) => further(db, "SELECT 1", "SELECT * FROM desk_returns"); //! 11.1
export const q26 = (db: Db) => db.run("DELETE FROM desk_returns"); //! 11.1
export const q27 = (db: Db) => db.$executeRawUnsafe("DELETE FROM desk_returns"); //! 11.1
const ask = { all: (db: Db, text: string) => run(db, text) };
export const q28 = (db: Db) => ask.all(db, "SELECT * FROM desk_returns"); //! 11.1
`,
    desk,
  ],
  "texts that are no SQL": [
    "11.1",
    `
export const said = (log: Log, t: Translate) => {
  log.info("select one from desk_returns and shelve it");
  t("Returns of desk_returns are shelved");
  console.warn("delete from desk_returns by hand");
  log.child({ id: "1" }).warn("delete from desk_returns failed");
  getLogger().warn("delete from desk_returns failed");
  assert(said.length > 0, "insert into desk_returns gave no row");
  shelfLogger.withContext({ id: "1" }).error("update desk_returns set nothing");
  new Tracer().span("select from desk_returns ", () => 1);
  expected("insert into desk_returns gave no row");
  noted(log, "delete from desk_returns failed");
  throw failure("insert into desk_returns gave no row");
};
const failure = (text: string) => new Error(text);
const expected = (text: string) => { if (text === "") throw failure(text); };
const noted = (db: Db, text: string) => db.query("INSERT INTO shelf_notes (text) VALUES ($1)", [text]);
const tagged = (db: Db, text: string) => db.execute(sql\`INSERT INTO shelf_notes (text) VALUES (\${text})\`);
export const told = (db: Db) => tagged(db, "delete from desk_returns failed");
export const field = z.string().describe("Select books from desk_returns");
export const own = (run: Run) => run("SELECT * FROM shelf_books");
const table = (name: string) => "shelf_" + name;
export const named = (db: Db) => db.execute(\`SELECT * FROM \${table("books")} desk_returns\`);`,
    desk,
  ],
  "types of events by what a constructor sets, by inherited methods, and by parts of objects": [
    "N-1 N-4",
    `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
const options = { version: 1, module: "shelf", payload };
class Names { private readonly domain: string; constructor(domain: string) { this.domain = domain; } of(action: string) { return \`\${this.domain}.book.\${action}\`; } }
export const one = defineEvent(new Names("library").of("lend"), options); //! N-4
class More extends Names { other(action: string) { return "library.desk." + action; } }
export const two = defineEvent(new More("library").of("take"), options); //! N-4
export const three = defineEvent(new More("library").other("open"), options); //! N-4
const { prefix, deep: { last } } = { prefix: "library.book", deep: { last: "close" } };
export const four = defineEvent(\`\${prefix}.\${last}\`, options); //! N-4
const [first] = ["library.book.find"];
export const five = defineEvent(first, options); //! N-4
class Kept { static readonly domain = "library"; static of(action: string) { return \`\${this.domain}.book.\${action}\`; } }
export const six = defineEvent(Kept.of("keep"), options); //! N-4
const local = () => { const { prefix } = { prefix: "library.rack" }; return \`\${prefix}.move\`; };
export const seven = defineEvent(local(), options); //! N-4`,
  ],
  "a name means what it means where it is written, and a field what was put into it last": [
    "N-1 N-3 N-4 N-5",
    `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
const options = { version: 1, module: "shelf", payload };
const domain = "library";
const inner = (action: string) => \`\${domain}.book.\${action}\`;
const outer = (domain: string, action: string) => (domain === "" ? inner(action) : inner(action));
const named = (domain: string, action: string) => inner(action);
export const one = defineEvent(named("NO", "lent"), options);
export const more = defineEvent(outer("NO", "lent"), options);
const shadowed = (action: string) => { const type = (action: string) => \`library.desk.\${action}\`; return type("opened"); };
export const two = defineEvent(shadowed("lend"), options);
class Kept { type = "library.book.lend"; constructor(type: string) { this.type = type; } }
export const three = defineEvent(new Kept("library.book.kept").type, options);
class Later { type = "library.book.lend"; set(type: string) { this.type = type; return this; } }
export const four = defineEvent(new Later().type, options);
class Names { of(action: string) { return "library.book." + action; } }
class Past extends Names { of(action: string) { return "library.book." + action + "ed"; } }
export const five = defineEvent(new Past().of("return"), options);
class Unknown extends Base { by(action: string) { return "library.book." + action; } }
export const six = defineEvent(new Unknown().of("lend"), options);`,
  ],
  "names that are put together right": [
    "N-1 N-3 N-4 N-5",
    `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
class Names {
  constructor(private readonly domain: string) {}
  of({ resource, action }: { resource: string; action: string }) { return \`\${this.domain}.\${resource}.\${action}\`; }
}
const names = new Names("library");
export const one = defineEvent(names.of({ resource: "book", action: "turned" }), { version: 1, module: "shelf", payload });
const event = (resource: string) => (action: string) => defineEvent(\`library.\${resource}.\${action}\`, { version: 1, module: "shelf", payload });
const bookEvent = event("book");
export const two = bookEvent("opened");
export const three = event("shelf")("emptied");`,
  ],
};

test.each(Object.entries(forms))("%s", (_, [ids, lines, more]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
