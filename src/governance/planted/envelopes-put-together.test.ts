/** Envelopes by hand whose fields come in by spreads, `Object.assign`, functions and names: each fault is told where it is written. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type Form = readonly [ids: string, lines: string, more?: Readonly<Record<string, string>>];

const meta = `{ schema_version: 1, producer: "shelf", source_module: "shelf" }`;

const head = (lines: string) => `
import { bookLent } from "../events.ts";
import { makeEvent, metaOf, rest } from "../lib/envelope.ts";
const known = { schema_version: 1, producer: "shelf", source_module: "shelf" } as const;
${lines.trim()}`;

const lib = {
  "src/lib/envelope.ts": `export const rest = {
  id: crypto.randomUUID(),
  source: "shelf",
  target: null,
  payload: {},
  timestamp: new Date().toISOString(),
  meta: ${meta},
};
export const makeEvent = (type: string, payload: object) => ({ id: crypto.randomUUID(), type, source: "shelf", target: null, payload, timestamp: new Date().toISOString(), meta: ${meta} });
export function metaOf(source_module: string) {
  return { schema_version: 1, producer: "shelf", source_module };
}`,
};

const forms: Readonly<Record<string, Form>> = {
  "the type": [
    "E-3",
    head(`
const type = "library.book.leant";
enum Types { Lent = "library.book.leant" }
const types = ["library.book.leant"] as const;
export const a = { ...rest, type: "library.book.leant" }; //! E-3
export const b = { ...rest, type }; //! E-3
export const c = { ...rest, type: Types.Lent }; //! E-3
export const d = { ...rest, ["type"]: "library.book.leant" }; //! E-3
export const e = Object.assign({}, rest, { type: "library.book.leant" }); //! E-3
export const f = makeEvent("library.book.leant", {}); //! E-3
export const g = JSON.stringify({ ...rest, type: types.at(0) }); //! E-3
export const h = (isOld: boolean) => ({ ...rest, type: isOld ? "library.book.leant" : "library.book.lent" }); //! E-3
export function* i() { yield { ...rest, ...{ type: "library.book.leant" } }; } //! E-3
export const j = () => send(makeEvent(\`library.book.\${"leant"}\`, {})); //! E-3
export const right = [{ ...rest, type: bookLent.type }, { ...rest, type: "library.book.lent" }, makeEvent("library.book.lent", {}), makeEvent(bookLent.type, {})];`),
    lib,
  ],
  "id, time and version": [
    "E-2 E-4 E-5",
    head(`
const plain = { source: "shelf", target: null, payload: {} };
const stamp = () => ({ timestamp: Date.now() }); //! E-4
export const a = { ...plain, type: "library.book.lent", id: "1", timestamp: new Date().toISOString(), meta: known }; //! E-2
export const b = { ...rest, type: "library.book.lent", timestamp: new Date().toString() }; //! E-4
export const c = { ...rest, ...stamp(), type: "library.book.lent" };
export const d = { ...rest, type: "library.book.lent", meta: { ...known, schema_version: "1.0" } }; //! E-5
export const e = Object.assign({ id: "book-1", type: "library.book.lent" }, plain, { timestamp: new Date().toISOString(), meta: known }); //! E-2
export const f = { ...rest, type: "library.book.lent", ["id"]: \`book-\${Date.now()}\` }; //! E-2
export const right = { ...rest, id: crypto.randomUUID(), type: "library.book.lent", timestamp: new Date().toISOString() };`),
    lib,
  ],
  "the module, and ids of context": [
    "E-6 E-7",
    head(`
const more = { tenant_id: "t" }; //! E-7
const own = "shlef";
enum Modules { Own = "shlef" }
export const a = { ...rest, type: "library.book.lent", meta: { ...known, source_module: "shlef" } }; //! E-6
export const b = { ...rest, type: "library.book.lent", meta: metaOf("shlef") }; //! E-6
export const c = { ...rest, type: "library.book.lent", meta: { ...known, source_module: own } }; //! E-6
export const d = { ...rest, type: "library.book.lent", meta: { ...known, source_module: Modules.Own } }; //! E-6
export const e = { ...rest, type: "library.book.lent", meta: { ...known, producer: null } }; //! E-6
export const f = { ...rest, type: "library.book.lent", meta: Object.assign({}, known, { producer: "" }) }; //! E-6
export const g = (name?: string) => ({ ...rest, type: "library.book.lent", meta: { ...known, source_module: name ?? "shlef" } }); //! E-6
export const h = { ...rest, type: "library.book.lent", meta: { ...known, tenant_id: "t" } }; //! E-7
export const i = { ...rest, type: "library.book.lent", meta: { ...known, ...more } };
export const j = { ...rest, type: "library.book.lent", meta: { ...known, ["actor_id"]: "a" } }; //! E-7
export const k = (correlation_id: string) => ({ ...rest, type: "library.book.lent", meta: { ...known, correlation_id } }); //! E-7
export const l = { ...rest, type: "library.book.lent", mission_id: "m" }; //! E-7
export const m = Object.assign({}, rest, { type: "library.book.lent", task_id: "m" }); //! E-7
export const right = [{ ...rest, type: "library.book.lent", tenant_id: "t", meta: metaOf("shelf") }, { ...rest, type: "library.book.lent", meta: known }];`),
    lib,
  ],
  "what is missing": [
    "E-1 11.5",
    head(`
const plain = { id: crypto.randomUUID(), source: "shelf", target: null, payload: {} };
const filled: Record<string, unknown> = { ...plain, type: "library.book.lent", timestamp: new Date().toISOString() };
filled.meta = known;
const { meta: _, ...without } = rest;
export const a = { ...plain, type: "library.book.lent", meta: known }; //! E-1
export const b = { ...plain, type: "library.book.lent", timestamp: new Date().toISOString() }; //! 11.5
export const c = { ...rest, type: "library.book.lent", meta: { ...{ schema_version: 1 }, producer: "shelf" } }; //! 11.5
export const d = (given: object) => ({ ...plain, ...given, type: "library.book.lent", timestamp: "" });
export const e = { ...without, payload: {}, timestamp: "", type: "library.book.lent" };
export const f = filled;`),
    lib,
  ],
};

const sound: Readonly<Record<string, string>> = {
  "an envelope that is filled step by step": `
export function fill(kind: string, payload: object) {
  let type = "library.book.leant";
  let producer = "";
  if (kind === "lent") type = "library.book.lent";
  producer = kind;
  const event: Record<string, unknown> = { ...rest, type, payload, meta: { ...known, producer } };
  event.tenant_id = "t";
  return event;
}`,
  "a stored row that becomes an event again": `
export const fromRow = (row: Row) => ({ id: row.id, type: row.type, source: row.source, target: row.target, payload: row.payload, timestamp: row.at.toISOString(), meta: { ...row.meta, schema_version: Number(row.meta.schema_version) } });
export const lent = (row: Row) => ({ ...fromRow(row), type: "library.book.lent", tenant_id: row.tenant });`,
  "a builder, a change of a reducer, and a message of a page": `
export const withContext = <E extends object>(event: E, tenant_id: string | null) => ({ ...event, tenant_id, correlation_id: crypto.randomUUID() });
export const reduce = (state: State, action: Action) => ({ ...state, type: "shelf.moved", payload: { ...state.payload, ...action.payload } });
export const toast = { type: "Toast", payload: { text: "Saved." }, id: 1, timestamp: Date.now() };
export const message = Object.assign({ payload: {}, type: "ping" }, { timestamp: 1 });`,
  "events of tests' factories and of other systems": `
const defaults = { id: "evt_1", type: "invoice.paid", created: 1, data: { object: {} } };
export const stripeEvent = (more: object = {}) => ({ ...defaults, ...more });
export const cloud = { specversion: "1.0", id: "1", source: "/shelf", type: "com.example.shelf.lent", data: {}, time: "2026-11-30T00:00:00Z" };`,
};

test.for(Object.entries(sound))("%s", ([, lines]) => {
  expect(judge("E-1 E-2 E-3 E-4 E-5 E-6 E-7 11.5", head(lines), lib).found).toEqual([]);
});

test.for(Object.entries(forms))("%s", ([, [ids, lines, more]]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});

test("what is put into an event later, and events that a class makes", () => {
  const { found, expected } = judge(
    "E-1 E-2 E-3 E-4 E-7 11.5",
    `
const meta = { schema_version: 1, producer: "shelf", source_module: "shelf" };
export const event = { id: crypto.randomUUID(), type: "library.book.lent", source: "shelf", target: null, payload: {}, timestamp: new Date().toISOString(), meta: { ...meta } } as any;
event.type = "library.book.leant"; //! E-3
event["id"] = "7"; //! E-2
event.timestamp = new Date().toString(); //! E-4
event.meta.tenant_id = "x"; //! E-7
event.meta = { schema_version: 1, producer: "shelf" }; //! 11.5
event.type = "library.book.lent";
event.tenant_id = "x";
export const row: any = { type: "library.book.leant", shelf: 1 };
row.id = "7";
export class Own { type = "library.book.leant"; id = "7"; source = "shelf"; target = null; payload = {}; timestamp = new Date().toISOString(); meta = { ...meta }; } //! E-2 E-3
export class Short { type = "library.book.lent"; payload = {}; timestamp = new Date().toISOString(); meta = { ...meta }; } //! E-1
export class Row { type = "book"; payload = {}; timestamp = 1; }
export class Typed { id!: string; type = "library.book.lent"; source!: string; target!: string | null; payload!: object; timestamp!: string; meta!: object; }
export class Given { type = "library.book.lent"; meta = { ...meta }; constructor(readonly id: string, readonly source: string, readonly target: null, readonly payload: object, readonly timestamp: string) {} }
export class Made extends Short { override type = "library.book.lent"; override payload = {}; override meta = { ...meta }; }`,
  );
  expect(found).toEqual(expected);
});
