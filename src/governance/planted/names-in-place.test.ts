/** Names that mean another thing here than elsewhere in their file, and names behind long ways. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const events = `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
const options = { version: 1, module: "shelf", payload };
`;

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** Each part uses the one before twice. */
const chain = (count: number, part: (at: number) => string) => numbers(count).map(part).join("\n");

const forms: Readonly<Record<string, Form>> = {
  "parameters of functions in functions": [
    "N-1 N-3 N-4 N-5",
    `${events}
const make = (domain: string) => { const p = \`\${domain}.book\`; return { of: (domain: string) => \`\${p}.\${domain}\` }; };
export const one = defineEvent(make("library").of("lent"), options);
export const two = defineEvent(make("library").of("lend"), options); //! N-4
const deep = (action: string) => { const type = \`library.book.\${action}\`; return (action: string) => (type: string) => action + type; };
export const three = defineEvent(deep("NO")("library.book.")("kept"), options);
export const four = defineEvent(deep("NO")("library.book.")("keep"), options); //! N-4
function bound(this: void, resource: string, action: string) { return \`library.\${resource}.\${action}\`; }
export const five = defineEvent(bound("book", "opened"), options);
export const six = defineEvent(bound("book", "open"), options); //! N-4
const of = (action: string) => ([action]: string[]) => \`library.book.\${action}\`;
export const seven = defineEvent(of("NO")(["closed"]), options);
export const eight = defineEvent(of("closed")(["close"]), options); //! N-4
const part = (action: string) => ([, ...[action]]: string[]) => \`library.book.\${action}\`;
export const nine = defineEvent(part("read")(["a", "b"]), options);
const rest = (action: string) => ({ other, ...action }: Names) => \`library.book.\${action}\`;
export const ten = defineEvent(rest("NO")({ other: "x", action: "NO" }), options);
const spread = (first: string, second = "lend") => \`library.book.\${second}\`;
export const eleven = defineEvent(spread(...given), options);
export const twelve = defineEvent(spread(...given, "lend"), options);
export const thirteen = defineEvent(spread("any"), options); //! N-4
const same = (first: string, second = first) => \`library.book.\${second}\`;
export const fourteen = defineEvent(same("lend"), options); //! N-4
class Names { domain = "NO"; of() { return { domain: "library", type() { return \`\${this.domain}.book.lent\`; } }; } }
export const fifteen = defineEvent(new Names().of().type(), options);`,
  ],
  "fields that change later": [
    "N-1 N-3 N-4 N-5",
    `${events}
class Counted { n = "library.book.lend"; next() { this.n++; return this; } }
export const one = defineEvent(new Counted().n, options);
class Keyed { type = "library.book.lend"; set(type: string) { this["type"] = type; } }
export const two = defineEvent(new Keyed().type, options);
class Any { type = "library.book.lend"; set(key: string, type: string) { this[key] = type; } }
export const three = defineEvent(new Any().type, options);
class Listed { type = "library.book.lend"; set(types: string[]) { [this.type] = types; } }
export const four = defineEvent(new Listed().type, options);
class Taken { type = "library.book.lend"; set(given: Names) { ({ type: this.type } = given); } }
export const five = defineEvent(new Taken().type, options);
class Default { type = "library.book.lend"; set(given: Names) { ({ type: this.type = "NO" } = given); } }
export const six = defineEvent(new Default().type, options);
class Looped { type = "library.book.lend"; set(types: string[]) { for (this.type of types) continue; } }
export const seven = defineEvent(new Looped().type, options);
class Gone { type? = "library.book.lend"; end() { delete this.type; } }
export const eight = defineEvent(new Gone().type, options);
class Made { type; constructor(type: string) { this["type"] = type; } }
export const nine = defineEvent(new Made("library.book.keep").type, options); //! N-4
class Fixed { type = "library.book.take"; is(other: string) { return this.type === other || [this.type].includes(other); } }
export const ten = defineEvent(new Fixed().type, options); //! N-4
class Parent { constructor(readonly type: string) {} }
class Child extends Parent { constructor() { super("library.book.give"); } late() { [[this.type]] = [["x"]]; } }
export const eleven = defineEvent(new Child().type, options);`,
  ],
  "static members that use each other": [
    "N-1 N-3 N-4 N-5",
    `${events}
class Types { static readonly last = Types.of + ".lend"; static readonly of = Types.domain + ".book"; static readonly domain = "library"; ${chain(30, (at) => `static readonly t${at} = Types.domain + Types.of + Types.t${at - 1};`)} }
export const one = defineEvent(Types.last, options); //! N-4`,
  ],
  "raw events by a name that stands for something else": [
    "E-8",
    `
const raw = { lent: { type: "library.book.lent", payload: {} } };
const act = "publish";
export const one = (raw, publish) => publish(raw.lent);
export const two = (publish) => publish(raw.lent); //! E-8
export const three = (publish) => (raw) => { publish(raw["lent"]); };
export const four = (publish, bus) => { const raw = bus.raw; return publish(raw.lent); };
export const five = (publish) => { const raw = { lent: { type: "library.book.lent", payload: {} } }; return publish(raw.lent); }; //! E-8
export const six = (publish, all) => { for (const raw of all) publish(raw.lent); };
export const seven = (publish, all) => { const { raw } = all; return publish(raw.lent); };
export const act1 = (command, bus) => { const { act } = command; return bus[act]({ type: "library.book.lent", payload: {} }); };
export const act2 = (bus) => bus[act]({ type: "library.book.lent", payload: {} }); //! E-8
export const act3 = ([act], bus) => bus[act]({ type: "library.book.lent", payload: {} });
export const act4 = (bus) => { function act() {} return bus[act]({ type: "library.book.lent", payload: {} }); };
export const act5 = (bus) => { try { run(); } catch (act) { bus[act]({ type: "library.book.lent", payload: {} }); } };
export const act6 = (bus) => { const [act] = bus.names; bus[act]({ type: "library.book.lent", payload: {} }); };`,
  ],
  "objects of two files that spread each other": [
    "E-8",
    `
import { b } from "../lib/b.ts";
export const a = { ...b, own: { type: "library.book.lent", payload: {} } };
export const one = (publish) => publish(a.lent);
export const two = (publish) => publish(a.own); //! E-8
export const three = (publish) => publish(b.other);`,
    { "src/lib/b.ts": `import { a } from "../shelf/service.ts";\nexport const b = { ...a };` },
  ],
  "a composition root of thirty parts, of which each uses those before": [
    "N-4",
    `${events}
const part = (...parts: object[]) => ({ parts, names: { lend: "library.book.lend" } });
const make = (env: Env) => {
${chain(30, (at) => `const p${at} = part(env, ${numbers(at - 1).map((one) => `p${one}`)});`)}
return { names: p30.names, all: [${numbers(30).map((one) => `p${one}`)}] };
};
export const one = defineEvent(make(env).names.lend, options); //! N-4`,
  ],
  "texts and lists that double": [
    "N-1 N-3 N-4 N-5",
    `${events}
const t0 = "library.book.lend";
${chain(60, (at) => `const t${at} = t${at - 1} + t${at - 1};`)}
export const one = defineEvent(t60, options);
const l0 = ["library.book.lend"];
${chain(60, (at) => `const l${at} = [...l${at - 1}, ...l${at - 1}];`)}
export const two = defineEvent(l60.join("."), options);
const m0 = (text: string) => text;
${chain(60, (at) => `const m${at} = (text: string) => m${at - 1}(m${at - 1}(text));`)}
export const three = defineEvent(m60("library.book.lend"), options);
const twice = (text: string) => twice(text) + twice(text);
export const four = defineEvent(twice("library.book.lend"), options);
const c1 = c2 + c2;
${chain(60, (at) => `const c${at + 1} = c${at + 2} + c1 + c${at + 2};`)}
export const five = defineEvent(c1, options);
export const six = defineEvent(t0, options); //! N-4`,
  ],
  "long chains of methods on what is not known": [
    "11.1",
    `
const list = (db: Db, after: string) => db.select()${chain(50, (at) => `.method${at}(after, "${at}")`).replaceAll("\n", "")};
export const one = (db: Db, after: string) => db.execute(list(db, after));
class Api { readonly table = "desk_returns"; readonly app = new Hono()${chain(50, (at) => `.get("/${at}", () => null)`).replaceAll("\n", "")}; }
const api = new Api();
export const two = (db: Db) => db.execute(\`SELECT * FROM \${api.table}\`); //! 11.1`,
    {
      "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
      "src/desk/tables.ts": `import { pgTable, uuid } from "drizzle-orm/pg-core";
export const returns = pgTable("desk_returns", { id: uuid() });`,
    },
  ],
};

test.each(Object.entries(forms))("%s", (_, [ids, lines, more]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
