/** Names of events that are put together, and calls in roundabout words: each is found in its line, and what is right is not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type More = Readonly<Record<string, string>>;

const defining = (lines: string) => `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
const options = { version: 1, module: "shelf", payload } as const;
${lines}`;

const names: More = {
  "src/names.ts": `export const booksLent = "library.books.lent";
export const bookKept = "library.book.kept";
export const table = { deep: { lent: "library.books.lent", kept: "library.book.kept" } } as const;
export namespace Names {
  export const lent = "library.books.lent";
  export const kept = "library.book.kept";
}`,
};

/** Lines, of which the last ones define an event by a name that is a plural, and by one that is not. */
const named: Readonly<Record<string, string>> = {
  "what is imported as a whole, and taken apart": `
import * as names from "../names.ts";
const { booksLent, bookKept } = names;
const { table: { deep: { lent } } } = names;
export const a = defineEvent(booksLent, options); //! N-3
export const b = defineEvent(bookKept, options);
export const c = defineEvent(lent, options); //! N-3
export const d = defineEvent(names["booksLent"], options); //! N-3
export const e = defineEvent(names["bookKept"], options);`,
  "a namespace, here and elsewhere": `
import { Names } from "../names.ts";
namespace Own {
  export const lent = "library.books.lent";
  export const kept = "library.book.kept";
}
export const a = defineEvent(Names.lent, options); //! N-3
export const b = defineEvent(Names.kept, options);
export const c = defineEvent(Own.lent, options); //! N-3
export const d = defineEvent(Own.kept, options);`,
  "what the language's own functions put together": `
const base = { lent: "library.books.lent", kept: "library.book.kept" };
const frozen = Object.freeze(base);
const joined = Object.assign({}, base, { lent: "library.book.lent" });
const turned = Object.assign({}, { kept: "library.book.kept" }, { kept: "library.books.kept" });
const listed = Object.fromEntries([["lent", "library.books.lent"]]);
const [first] = Object.values(base);
export const a = defineEvent(frozen.lent, options); //! N-3
export const b = defineEvent(joined.lent, options);
export const c = defineEvent(turned.kept, options); //! N-3
export const d = defineEvent(listed.lent, options); //! N-3
export const e = defineEvent(first, options); //! N-3
export const f = defineEvent(Object.assign({}, base, given).lent, options);`,
  "an object of the project that is called Object": `
import { Object } from "../own.ts";
export const a = defineEvent(Object.freeze({ lent: "library.books.lent" }).lent, options);`,
  "getters, and members that are not read-only": `
class Names {
  static lent = "library.books.lent";
  static kept = "library.books.kept";
  static found = "library.books.found";
  static "any (thing" = "library.books.thing";
  static get shelved() { return "library.books.shelved"; }
  readonly own = "library.book.owned";
  get sold() { return \`\${this.own}s.sold\`; }
}
Names.kept = "library.book.kept";
Names["found"] = "library.book.found";
export const f = defineEvent(Names.found, options);
const own = { get lent() { return "library.books.lent"; }, set lent(name) {} };
export const a = defineEvent(Names.lent, options); //! N-3
export const b = defineEvent(Names.kept, options);
export const c = defineEvent(Names.shelved, options); //! N-3
export const d = defineEvent(own.lent, options); //! N-3`,
  "parts of a list, what is left of an object, and what stands for a part that it lacks": `
const list = ["library.books.lent", "library.book.kept"] as const;
const { kept, ...others } = { kept: "library.book.kept", lent: "library.books.lent" };
const { sold = "library.books.sold", kept: same = "library.books.kept" } = { kept: "library.book.kept" };
const of = ({ resource = "books" } = {}) => \`library.\${resource}.returned\`;
export const a = defineEvent(list[0], options); //! N-3
export const b = defineEvent(list[1], options);
export const c = defineEvent(others.lent, options); //! N-3
export const d = defineEvent(sold, options); //! N-3
export const e = defineEvent(same, options);
export const f = defineEvent(of(), options); //! N-3
export const g = defineEvent(of({ resource: "book" }), options);`,
  "one of several": `
const of = (isMany: boolean) => {
  if (isMany) return "library.books.returned";
  return "library.book.returned";
};
export const a = defineEvent(isMany ? "library.books.lent" : "library.book.lent", options); //! N-3
export const b = defineEvent(isMany ? "library.book.sold" : "library.book.kept", options);
export const c = defineEvent(of(isMany), options); //! N-3
export const d = defineEvent(undefined ?? "library.books.lost", options); //! N-3
export const e = defineEvent("library.book.lost" || "library.books.lost", options);
export const all = ["library.books.found", "library.book.found"].map((type) => defineEvent(type, options)); //! N-3`,
  "a variable that stays as it is, and one that does not": `
let lent = "library.books.lent";
let kept = "library.books.kept";
kept = "library.book.kept";
export const a = defineEvent(lent, options); //! N-3
export const b = defineEvent(kept, options);`,
  "a text as it is written, and one that is replaced": `
export const a = defineEvent(String.raw\`library.books.lent\`, options); //! N-3
export const b = defineEvent("library.RESOURCE.kept".replace("RESOURCE", "books"), options); //! N-3
export const c = defineEvent("library.books.sold".replace("books", "book"), options);
export const d = defineEvent(quoted\`library.books.sold\`, options);`,
  "the maker of events as a part, by call, apply and Reflect": `
const lib = { defineEvent, other };
export const a = lib.defineEvent("library.books.lent", options); //! N-3
export const b = defineEvent.call(null, "library.books.kept", options); //! N-3
export const c = defineEvent.apply(null, ["library.books.sold", options]); //! N-3
export const d = Reflect.apply(defineEvent, null, ["library.books.lost", options]); //! N-3
export const e = lib.other("library.books.lent", options);
export const f = defineEvent.call(null, "library.book.found", options);`,
};

const published: Readonly<Record<string, string>> = {
  "by call, apply, Reflect and bind": `
const raw = { type: "library.book.lent", payload: {} };
export async function lend(publish: Publish, context: Context) {
  await publish.call(null, raw); //! E-8
  await publish.apply(undefined, [raw]); //! E-8
  await Reflect.apply(publish, null, [raw]); //! E-8
  await publish.bind(null)(raw); //! E-8
  const later = publish.bind(null, raw);
  await later(); //! E-8
  await (0, publish)(raw); //! E-8
  await context.publish.call(context, raw); //! E-8
  await context["publish"](raw); //! E-8
}`,
  "by a list that is spread": `
const known = [bookShelved, { book_id: "x" }] as const;
export async function lend(publish: Publish, given: Parameters<Publish>) {
  const raw = [{ type: "library.book.lent", payload: {} }] as const;
  await publish(...raw); //! E-8
  await publish(...[{ type: "library.book.lent", payload: {} }]); //! E-8
  await publish(...known);
  await publish(...given);
}`,
  "an event of the catalogue in the same words": `
export async function lend(publish: Publish, context: Context) {
  await publish.call(null, bookShelved, { book_id: "x" });
  await publish.apply(undefined, [bookShelved, { book_id: "x" }]);
  await Reflect.apply(publish, null, [bookShelved, { book_id: "x" }]);
  await publish.bind(null)(bookShelved, { book_id: "x" });
}`,
  "what is called call, and publishes nothing": `
export async function lend(rpc: Rpc, rules: Rules) {
  await rpc.call("publish", { type: "library.book.lent", payload: {} });
  await rules.apply({ type: "library.book.lent", payload: {} });
  await Reflect.apply(rules.check, rules, [{ type: "library.book.lent", payload: {} }]);
}`,
};

test.each(Object.entries(named))("a name: %s", (_, lines) => {
  const { found, expected } = judge("N-3", defining(lines.trim()), names);
  expect(found).toEqual(expected);
});

test.each(Object.entries(published))("what is published: %s", (_, lines) => {
  const { found, expected } = judge("E-8", lines);
  expect(found).toEqual(expected);
});
