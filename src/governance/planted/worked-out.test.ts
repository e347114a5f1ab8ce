/** Names, bounds and schemas that are worked out: by sums, methods of texts and lists, maps, getters, loops. Each is judged. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const head = (lines: string) => `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const id = z.uuid().describe("the book");
const base = { version: 1, module: "shelf", criticality: "INFO", when: "It happened" } as const;
const whole = z.strictObject({ book_id: id });
${lines.trim()}`;

const desk: More = {
  "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
};

const forms: Readonly<Record<string, Form>> = {
  "bounds that are worked out": [
    "P-6",
    head(`
const limits = { huge: 500_000, small: 64, kib: 1024 } as const;
enum Max { Text = 200_000 }
const text = (most: number) => z.string().max(most).describe("x");
export const a = defineEvent("library.book.taken", { ...base, payload: z.strictObject({ b: text(1024 ** 2) }) }); //! P-6
export const b = defineEvent("library.book.given", { ...base, payload: z.strictObject({ b: z.string().max(1 << 20).describe("x") }) }); //! P-6
export const c = defineEvent("library.book.sent", { ...base, payload: z.strictObject({ b: z.string().max(Number.MAX_SAFE_INTEGER).describe("x") }) }); //! P-6
export const d = defineEvent("library.book.read", { ...base, payload: z.strictObject({ b: z.string().max(Infinity).describe("x") }) }); //! P-6
export const e = defineEvent("library.book.found", { ...base, payload: z.strictObject({ b: z.string().max(limits.kib * 100).describe("x") }) }); //! P-6
export const f = defineEvent("library.book.marked", { ...base, payload: z.strictObject({ b: z.string().max(Math.pow(2, 20)).describe("x") }) }); //! P-6
export const g = defineEvent("library.book.moved", { ...base, payload: z.strictObject({ b: z.array(z.int()).max(Max.Text + 1).describe("x") }) }); //! P-6
export const h = defineEvent("library.book.kept", { ...base, payload: z.strictObject({ b: z.string().max(Math.max(limits.huge, 3)).describe("x") }) }); //! P-6
export const i = defineEvent("library.book.torn", { ...base, payload: z.strictObject({ b: z.string().max(Number("100000")).describe("x") }) }); //! P-6
export const right = defineEvent("library.book.bound", { ...base, payload: z.strictObject({
  a: z.string().max(limits.kib / 8).describe("x"),
  b: z.string().max(Math.min(limits.huge, 20)).describe("x"),
  c: z.string().max(limits.huge % 7).describe("x"),
  d: z.string().max(-(-40)).describe("x"),
  e: z.string().max(Math.floor(limits.kib / 3) - 1).describe("x"),
  f: text(limits.small),
}) });`),
  ],
  "fields from lists, maps, getters, and methods of lists": [
    "P-5",
    head(`
const anything = z.any().describe("x"); //! P-5
const list = [anything] as const;
const byName = new Map([["note", z.any().describe("x")]]);
const changed = new Map([["note", z.any().describe("x")]]);
changed.set("note", id);
const keys = ["note", "more"] as const;
const shapes = { get note() { return z.any().describe("x"); } };
export const a = defineEvent("library.book.taken", { ...base, payload: whole.extend({ note: list.at(0)! }) }); //! P-5
export const b = defineEvent("library.book.given", { ...base, payload: whole.extend({ note: list.at(-1)! }) }); //! P-5
export const c = defineEvent("library.book.sent", { ...base, payload: whole.extend({ note: byName.get("note")! }) }); //! P-5
export const d = defineEvent("library.book.read", { ...base, payload: z.strictObject(Object.fromEntries(keys.map((key) => [key, z.any().describe("x")]))) }); //! P-5
export const e = defineEvent("library.book.found", { ...base, payload: z.strictObject(Object.fromEntries(new Map([["note", anything]]))) });
export const f = defineEvent("library.book.marked", { ...base, payload: whole.extend({ note: shapes.note }) }); //! P-5
export const g = defineEvent("library.book.moved", { ...base, payload: whole.extend({ note: [id, anything].filter((one) => one !== id).at(0) }) });
export const h = defineEvent("library.book.kept", { ...base, payload: whole.extend({ note: [id].concat([anything])[1] }) }); //! P-5
export const i = defineEvent("library.book.torn", { ...base, payload: whole.extend({ note: changed.get("note")! }) });
export const j = defineEvent("library.book.bound", { ...base, payload: whole.extend({ note: list.at(3) ?? id }) });`),
  ],
  "options of an event that a getter, a function, or another file gives": [
    "P-5 P-7",
    head(`
import { options, withBase } from "../lib/options.ts";
export const a = defineEvent("library.book.taken", { ...base, get payload() { return whole.extend({ note: z.any().describe("x") }); } }); //! P-5
export const b = defineEvent("library.book.given", Object.assign({}, base, { payload: whole.extend({ note: z.any().describe("x") }) })); //! P-5
export const c = defineEvent("library.book.sent", withBase({ payload: whole.extend({ note: z.any().describe("x") }) })); //! P-5
export const d = defineEvent("library.book.read", options);
export const e = defineEvent("library.book.found", { ...base }); //! P-7
export const f = defineEvent("library.book.marked", withBase({ payload: { note: "text" } })); //! P-7
export const g = defineEvent("library.book.moved", withBase({ payload: whole }));
export const h = defineEvent("library.book.kept", { ...given() });
export const i = defineEvent("library.book.torn", { ...base, payload: class Payload {} }); //! P-7`),
    {
      "src/lib/options.ts": `import * as z from "zod";
export const options = { version: 1, module: "shelf", payload: z.strictObject({ note: z.any().describe("x") }) }; //! P-5
export const withBase = <T>(more: T) => ({ version: 1, module: "shelf", criticality: "INFO", when: "It happened", ...more });`,
    },
  ],
  "names of events that are worked out, and modules that are handed in": [
    "N-2",
    head(`
const types = ["desk.book.taken", "library.book.given"] as const;
const named = new Map([["sent", "desk.book.sent"]]);
const table = { read: "desk", found: "library" } as const;
export const a = defineEvent(types.at(0)!, base); //! N-2
export const b = defineEvent(named.get("sent")!, base); //! N-2
for (const action of ["marked", "moved"]) register(defineEvent(\`desk.book.\${action}\`, base)); //! N-2
export const c = Object.entries(table).map(([action, domain]) => defineEvent(\`\${domain}.book.\${action}\`, base)); //! N-2
export const d = defineEvent("desk book kept".split(" ").join("."), base); //! N-2
export const e = defineEvent("xdesk.book.torn".slice(1), base); //! N-2
export const f = defineEvent("library.book.bound", Object.assign({}, base, { module: "desk" }));
const given = (type: string, more = {}) => defineEvent(type, { ...base, ...more });
export const g = given("library.book.lost", { module: "desk" });
export const h = given("desk.book.cut"); //! N-2
export const i = given("desk.book.glued", { module: "desk" });`),
    desk,
  ],
  "an operation that begins, by lists and loops": [
    "N-8",
    head(`
const begun = ["started", "completed"] as const;
const all = ["started", "completed", "failed"] as const;
export const a = begun.map((action) => defineEvent(\`library.count.\${action}\`, base)); //! N-8
export const b = all.map((action) => defineEvent(\`library.scan.\${action}\`, base));
for (const action of begun) register(defineEvent("library.sort." + action, base)); //! N-8
export const c = Object.fromEntries(all.map((action) => [action, defineEvent(["library", "fold", action].join("."), base)]));
class Life { constructor(private readonly resource: string) {} begin() { return defineEvent(\`library.\${this.resource}.started\`, base); } }
export const d = new Life("press").begin(); //! N-8
export const e = ((resource: string) => ({ begin: defineEvent(\`library.\${resource}.started\`, base) }))("weigh"); //! N-8`),
  ],
};

/** What is filled later, chosen at run time, or put together rightly. */
const sound: Readonly<Record<string, string>> = {
  "a list and a map that are filled after they were made": `
const types: string[] = ["desk.book.taken"];
types.splice(0, 1, "shelf.book.taken");
const byKind = new Map([["sent", "desk.book.sent"]]);
byKind.set("sent", "shelf.book.sent");
const options: Record<string, unknown> = { ...base };
options.payload = whole;
export const a = defineEvent(types.at(0)!, { ...base, payload: whole });
export const b = defineEvent(byKind.get("sent")!, { ...base, payload: whole });
export const c = defineEvent("shelf.book.read", options);`,
  "a whole life of an operation from one function": `
const life = (resource: string, payload = whole) => {
  const one = (action: string) => defineEvent(\`shelf.\${resource}.\${action}\`, { ...base, payload });
  return { begun: one("started"), done: one("completed"), broken: one("failed") };
};
const events = (resource: string) => ({
  begun: defineEvent(\`shelf.\${resource}.started\`, { ...base, payload: whole }),
  done: defineEvent(\`shelf.\${resource}.completed\`, { ...base, payload: whole }),
  broken: defineEvent(\`shelf.\${resource}.failed\`, { ...base, payload: whole }),
});
export const scan = life("scan");
export const count = events("count");`,
  "names of a table, each with its bound": `
const limits = { title: 2 ** 7, note: 8 * 64, isbn: 13 } as const;
const fields = Object.fromEntries(Object.entries(limits).map(([name, most]) => [name, z.string().max(most).describe(name)]));
export const described = defineEvent("shelf.book.described", { ...base, payload: z.strictObject({ book_id: id, ...fields }) });
for (const action of new Set(["opened", "closed"])) register(defineEvent(\`shelf.room.\${action}\`, { ...base, payload: whole }));`,
  "a class that has the events of one resource": `
abstract class Resource {
  protected abstract readonly name: string;
  define(action: string, payload = whole) {
    return defineEvent(\`shelf.\${this.name}.\${action}\`, { ...base, payload });
  }
}
class Book extends Resource { protected readonly name = "book"; }
export const bound = new Book().define("bound");
export const titled = new Book().define("titled", whole.extend({ title: z.string().max(9).describe("x") }));`,
  "options that a caller completes": `
const withBase = <T extends object>(more: T) => ({ ...base, payload: whole, ...more });
const event = (type: string, more: object) => defineEvent(type, { ...base, payload: whole, ...more });
export const kept = defineEvent("shelf.book.kept", withBase({ version: 2 }));
export const cut = event("shelf.book.cut", { criticality: "ERROR" });
export const later = (type: string, more: object) => defineEvent(type, withBase(more));`,
};

test.for(Object.entries(sound))("%s", ([, lines]) => {
  expect(judge("N-1 N-2 N-3 N-4 N-5 N-8 P-1 P-2 P-3 P-4 P-5 P-6 P-7 E-3 E-5 E-6", head(lines)).found).toEqual(
    [],
  );
});

test.for(Object.entries(forms))("%s", ([, [ids, lines, more]]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
