/** Consumers in other forms: what breaks a rule of theirs is told in its line, and what only looks so is not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const events = {
  "src/events.ts": `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
export const bookLent = defineEvent("library.book.lent", { version: 1, module: "shelf", payload });
export const bookLost = defineEvent("library.book.lost", { version: 1, module: "shelf", payload });
export default defineEvent("library.book.shelved", { version: 1, module: "shelf", payload });`,
};

const index = (list: string, imports = ""): More => ({
  ...events,
  "src/shelf/index.ts": `import { defineModule } from "@brain/engine";
import bookShelved, { bookLent, bookLost } from "../events.ts";
${imports}
export const shelf = defineModule({ name: "shelf", events: [bookShelved, bookLent, bookLost], ${list} });`,
});

const head = (lines: string) => `
import { defineConsumer, on } from "@brain/engine";
import * as engine from "@brain/engine";
import { bookLent, bookLost } from "../events.ts";
const handle = async () => undefined;
${lines.trim()}`;

const readme = {
  "src/shelf/README.md": `# Module: shelf

## Events Consumed

### 1. library.book.shelved
`,
};

const handles = (handlers: string, before = ""): Form => [
  "C-6",
  head(`
const both = [bookShelved, bookLost] as const;
${before}
export const own = defineConsumer({ subscriber: "shelf", handlers: [${handlers}] }); //! C-6`),
  { ...index("consumers: () => [own]", `import { own } from "./service.ts";`), ...readme },
];

const forms: Readonly<Record<string, Form>> = {
  "a stream that is read by hand": [
    "C-1",
    `
const command = "XREADGROUP";
const key = "brain:events:stream";
export const a = (redis: Client) => redis.call(command, "GROUP", "g", "c", "STREAMS", key, ">"); //! C-1
export const b = ({ xautoclaim }: Client) => xautoclaim(key, "g", "c", 1, "0"); //! C-1
export const c = ({ xread: read }: Client) => read(key, "0"); //! C-1
export const d = (redis: Client) => redis.send([command, "GROUP", "g", "c", key]); //! C-1
export const e = (redis: Client) => redis.info(command);`,
  ],
  "consumers that are made by hand": [
    "C-1",
    head(`
import { far } from "../lib/far.ts";
const one = { subscriber: "one", handlers: [] } satisfies Consumer; //! C-1
const make = (subscriber: string) => ({ subscriber, handlers: [] }); //! C-1
class Own {
  readonly subscriber = "own";
  readonly handlers = [];
}
const base = { handlers: [] };
const right = defineConsumer({ subscriber: "right", handlers: [] });
export const list = () => [one, make("two"), new Own(), ...far, right]; //! C-1
export const also = Object.assign({ subscriber: "also" }, base); //! C-1`),
    {
      ...index("consumers: () => [...list(), also]", `import { also, list } from "./service.ts";`),
      "src/lib/far.ts": `export const far = [{ subscriber: "far", handlers: [] }]; //! C-1`,
    },
  ],
  "one subscriber for several": [
    "C-2",
    head(`
import { options as far } from "../lib/far.ts";
const options = { subscriber: "shelf", handlers: [] };
const make = (subscriber: string) => defineConsumer({ subscriber, handlers: [] });
class Makers { static shelf(subscriber = "shelf") { return defineConsumer({ subscriber, handlers: [] }); } }
export const one = defineConsumer({ subscriber: "shelf", handlers: [] });
export const two = defineConsumer(options); //! C-2
export const three = defineConsumer({ ...options, handlers: [on(bookLost, handle)] }); //! C-2
export const four = make("shelf"); //! C-2
export const five = defineConsumer(Object.assign({}, options)); //! C-2
export const six = Makers.shelf(); //! C-2
export const seven = ["labels", "shelf"].map((subscriber) => defineConsumer({ subscriber, handlers: [] })); //! C-2
export const eight = defineConsumer(far); //! C-2
export const other = make("other");
export const again = make("other"); //! C-2
export const right = [make("right"), ...["left", "above"].map((name) => defineConsumer({ subscriber: name, handlers: [] }))];`),
    {
      ...index("consumers: () => []"),
      "src/lib/far.ts": `export const options = { subscriber: "shelf", handlers: [] };`,
    },
  ],
  "handled by a batch": handles("engine.onBatch(bookLost, handle), on(bookShelved, handle)"),
  "handled by a list": handles("on([bookShelved, bookLost], handle)"),
  "handled by a loop": handles("...both.map((event) => on(event, handle))"),
  "handled by values of an object": handles(
    "...Object.values({ a: bookShelved, b: bookLost }).map((event) => on(event, handle))",
  ),
  "handled by another name": handles("take(bookLost, handle), on(bookShelved, handle)", "const take = on;"),
  "handled by a function": handles(
    "make(bookLost), on(bookShelved, handle)",
    "const make = (event: typeof bookLost) => on(event, handle);",
  ),
  "handled by a place in a list": handles("on(both.at(1)!, handle), on(bookShelved, handle)"),
  "handled where a flag is set": handles("on(bookShelved, handle), ...(flag ? [on(bookLost, handle)] : [])"),
};

test.for(Object.entries(forms))("%s", ([, [ids, lines, more]]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});

/** Each is named by its module. */
const named: Readonly<Record<string, readonly [lines: string, list: string, imports?: string]>> = {
  "of a file that is imported as a whole": [
    `export const own = defineConsumer({ subscriber: "x", handlers: [] });`,
    "consumers: () => [all.own]",
    `import * as all from "./service.ts";`,
  ],
  "all of a file": [
    `export const own = defineConsumer({ subscriber: "x", handlers: [] });`,
    "consumers: () => Object.values(all)",
    `import * as all from "./service.ts";`,
  ],
  "the default of a file": [
    `export default defineConsumer({ subscriber: "x", handlers: [] });`,
    "consumers: () => [own]",
    `import own from "./service.ts";`,
  ],
  "a list that is filled": [
    `export const list: unknown[] = [];
list.push(defineConsumer({ subscriber: "x", handlers: [] }));`,
    "consumers: () => list",
    `import { list } from "./service.ts";`,
  ],
  "taken out of a file": [
    `export const consumers = () => [defineConsumer({ subscriber: "x", handlers: [] })];`,
    "consumers",
    `import * as all from "./service.ts";
const { consumers } = all;`,
  ],
  "options that are taken in": [
    `export const more = { consumers: () => [defineConsumer({ subscriber: "x", handlers: [] })] };`,
    "...more",
    `import { more } from "./service.ts";`,
  ],
  "loaded when it is needed": [
    `export const own = defineConsumer({ subscriber: "x", handlers: [] });`,
    `consumers: async () => [(await import("./service.ts")).own]`,
  ],
  "a list of one file, by another": [
    `export const own = defineConsumer({ subscriber: "x", handlers: [] });
export const consumers = [own];`,
    "consumers: () => [...parts.consumers]",
    `import * as parts from "./service.ts";`,
  ],
};

test.for(Object.entries(named))("named: %s", ([, [lines, list, imports]]) => {
  expect(judge("C-1 C-7", head(lines), index(list, imports)).found).toEqual([]);
});

test("one that no module names is told beside one that is named", () => {
  const lines = head(`
export const own = defineConsumer({ subscriber: "x", handlers: [] });
export const lost = defineConsumer({ subscriber: "y", handlers: [] }); //! C-7
export default defineConsumer({ subscriber: "z", handlers: [] }); //! C-7`);
  const { found, expected } = judge(
    "C-7",
    lines,
    index("consumers: () => [all.own]", `import * as all from "./service.ts";`),
  );
  expect(found).toEqual(expected);
});
