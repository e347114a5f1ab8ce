/** Faults behind members of objects, methods, parts that were taken out, and keys that a constant or a text names. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const forms: Readonly<Record<string, readonly [ids: string, lines: string]>> = {
  "handlers of objects and classes": [
    "C-4 C-8",
    `
import { defineConsumer, on, PermanentError } from "@brain/engine";
const table = {
  take: async (event, ctx) => { try { await ctx.tx.execute("x"); } catch (e) { console.error(e); } }, //! C-8
  async give(event, ctx) { await ctx.tx.execute("x").catch(() => {}); }, //! C-8
  well: async (event, ctx) => { await ctx.tx.execute("x"); },
};
class Handlers {
  async take(event, ctx) { try { await ctx.tx.execute("x"); } catch { return; } } //! C-8
  static async give(event, ctx) { try { await ctx.tx.execute("x"); } catch {} } //! C-8
  bound = async (event, ctx) => { await ctx.tx.execute("x").then(undefined, () => null); }; //! C-8
  async well(event, ctx) { try { await ctx.tx.execute("x"); } catch (error) { throw new Error("no", { cause: error }); } }
  async refused(event, ctx) { await ctx.tx.execute("x").catch(refuse.all); } //! C-4
}
const refuse = { all: (error) => { throw new PermanentError("no", { cause: error }); } };
const own = new Handlers();
const { take } = table;
export const shelf = defineConsumer({ subscriber: "shelf", handlers: [
  on(bookShelved, take), on(bookShelved, table.give), on(bookShelved, table.well), on(bookShelved, own.take.bind(own)),
  on(bookShelved, Handlers.give), on(bookShelved, own.bound), on(bookShelved, own.well), on(bookShelved, own.refused),
] });`,
  ],
  "errors of a publish, given to a member that only drops them": [
    "B-3",
    `
const tools = { ignore: () => {}, raise: (error) => { throw error; } };
const { ignore: none } = tools;
export const one = async (publish) => { await publish(bookShelved, {}).catch(tools.ignore); }; //! B-3
export const two = async (publish) => { await publish(bookShelved, {}).then(undefined, none); }; //! B-3
export const fine = async (publish) => { await publish(bookShelved, {}).catch(tools.raise); };
export class Quiet {
  private skip() {}
  async tell(publish) { await publish(bookShelved, {}).catch(this.skip); } //! B-3
}`,
  ],
  "raw events of objects, and by a name in a constant": [
    "E-8",
    `
const raw = { lent: { type: "library.book.lent", payload: {} } };
const name = "publish";
export const one = (publish) => publish(raw.lent); //! E-8
export const two = (publish) => publish(raw["lent"]); //! E-8
export const three = (context) => context[name]({ type: "library.book.lent", payload: {} }); //! E-8
export const fine = (publish, events) => publish(events.lent, { book_id: "1" });
export const given = (context, name) => context[name]({ type: "library.book.lent", payload: {} });`,
  ],
  "commands by a name in a constant": [
    "B-5 C-1",
    `
import { Redis } from "@upstash/redis";
const redis = new Redis({});
const add = "xadd";
const read = \`xreadgroup\`;
let get = "xadd";
export const one = () => redis[add]("brain:events:stream", "*", {}); //! B-5
export const two = () => { const read = "xread"; return redis[read]("s", "0"); }; //! C-1
export const three = () => redis[read]("g", "c", "s", ">"); //! C-1
export const fine = (add: string) => redis[add]("brain:shelf", 1);
export const part = ({ add }: { add: string }) => redis[add]("brain:shelf", 1);
export const each = (names: string[]) => { for (const add of names) redis[add]("brain:shelf", 1); };
export const free = () => redis[get]("brain:shelf");`,
  ],
  "fields under keys that are worked out": [
    "P-2 P-3",
    `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const key = "email";
const keys = { secret: "access_" + "token", fine: "book_id" };
const text = z.string().max(20).describe("it");
export const one = defineEvent("library.book.sold", { version: 1, module: "shelf", payload: z.strictObject({ [key]: text }) }); //! P-2
export const two = defineEvent("library.book.kept", { version: 1, module: "shelf", payload: z.strictObject({ [keys.secret]: text }) }); //! P-3
export const three = defineEvent("library.book.read", { version: 1, module: "shelf", payload: z.strictObject({ [keys.fine]: text, ["page"]: text }) });`,
  ],
  "loops that wait by a function that calls another one": [
    "11.2",
    `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tools = { wait: (ms) => sleep(ms), count: (rows) => rows.length };
const { wait } = tools;
const look = (db) => db.query("SELECT * FROM shelf_books WHERE status = 'new'");
class Clock { async pause() { await sleep(1); } }
const clock = new Clock();
export const one = async (db) => { for (;;) { await look(db); await tools.wait(1000); } }; //! 11.2
export const two = async (db) => { do { await look(db); await wait(1); } while (true); }; //! 11.2
export const three = async (db) => { while (true) { await look(db); await clock.pause(); } }; //! 11.2
export const fine = async (db) => { for (;;) { const rows = await look(db); if (tools.count(rows) === 0) return; } };`,
  ],
};

test.each(Object.entries(forms))("%s", (_, [ids, lines]) => {
  const { found, expected } = judge(ids, lines);
  expect(found).toEqual(expected);
});
