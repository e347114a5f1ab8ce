/** Violations in other forms than those of the pages: each is found in its line, and nothing else is. */

import { beforeAll, describe, expect, test } from "vitest";
import { checkProject } from "../check/check.ts";
import { judge } from "../fixtures/judge-forms.ts";
import { projectOf } from "../project.ts";
import { rules } from "../rules/index.ts";
import { loadPython } from "../tree/python/parser.ts";

const forms: Readonly<Record<string, readonly [ids: string, lines: string]>> = {
  "an object that is published by another name, from a function, with a spread": [
    "E-8",
    `
export async function shelve(context: Context, id: string) {
  const { publish: send, publish } = context;
  const tell = context.publish;
  await send({ type: "library.book.shelved", payload: { id } }); //! E-8
  await tell({ type: "library.book.shelved", payload: { id } }); //! E-8
  await context["publish"]({ type: "library.book.shelved", payload: { id } }); //! E-8
  await publish(shelvedOf(id)); //! E-8
  await publish(lentOf(id)); //! E-8
  await publish({ ...template, payload: { id } }); //! E-8
  await send(bookShelved, { book_id: id });
  await context["_publish_event"]({ type: "library.book.shelved", payload: { id } });
  context.send({ type: "library.book.shelved", payload: { id } });
}
const template = { type: "library.book.shelved" };
const shelvedOf = (id: string) => ({ type: "library.book.shelved", payload: { id } });
function lentOf(id: string) {
  const payload = { id };
  return { type: "library.book.lent", payload };
}`,
  ],
  "a command by its key": [
    "B-5",
    `
export const append = (redis: Redis) => redis["xadd"]("brain:events:x", "*", { a: 1 }); //! B-5
export const length = (redis: Redis) => redis["xlen"]("brain:events:x");`,
  ],
  "a refusal that ends in a handler by name, in the second one of then, in a settled list, around a list": [
    "B-3",
    `
export async function shelve(publish: Publish, ids: readonly string[], id: string) {
  await publish(bookShelved, { book_id: id }).catch(console.error); //! B-3
  await publish(bookShelved, { book_id: id }).catch(note); //! B-3
  await publish(bookShelved, { book_id: id }).then(() => 1, () => undefined); //! B-3
  await Promise.allSettled([publish(bookShelved, { book_id: id })]); //! B-3
  await Promise.allSettled(ids.map((each) => publish(bookShelved, { book_id: each }))); //! B-3
  try {
    await Promise.all(ids.map((each) => publish(bookShelved, { book_id: each })));
  } catch (error) { //! B-3
    note(error);
  }
  await publish(bookShelved, { book_id: id }).catch(refuse);
  await publish(bookShelved, { book_id: id }).then(() => 1);
  const outcomes = await Promise.allSettled([publish(bookShelved, { book_id: id })]);
  return outcomes;
}
const note = (error: unknown) => console.error(error);
function refuse(error: unknown): never {
  throw new Error("It was refused.", { cause: error });
}`,
  ],
  "one question for the stream in each of several functions": [
    "B-6",
    `
export async function one(id: string, publish: Publish | undefined) {
  if (!publish) return; //! B-6
  await publish(bookShelved, { book_id: id });
}
export async function two(id: string, publish: Publish | null) {
  if (publish === null) throw new Error("no"); //! B-6
  await publish(bookShelved, { book_id: id });
}
export async function three(id: string, publish: Publish) {
  await publish(bookShelved, { book_id: id });
}
export const four = (publish: boolean) => (publish ? "public" : "hidden");`,
  ],
  "a flag that was read before, is given, or is one of a switch": [
    "11.8",
    `
const useEvents = process.env.WITH_EVENTS === "true";
export async function one(publish: Publish, id: string) {
  if (useEvents) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
}
export async function two(publish: Publish, settings: Settings, id: string) {
  const { legacyMode } = settings;
  if (legacyMode) { //! 11.8
    await callDesk(id);
  } else {
    await publish(bookShelved, { book_id: id });
  }
}
export async function three(publish: Publish, id: string, useStream: boolean) {
  if (!useStream) return await callDesk(id); //! 11.8
  await publish(bookShelved, { book_id: id });
}
export async function four(publish: Publish, cfg: Settings, id: string) {
  switch (cfg.useEvents) { //! 11.8
    case true:
      return publish(bookShelved, { book_id: id });
    default:
      return callDesk(id);
  }
}
export async function five(publish: Publish, kind: string, id: string, isEventual: boolean) {
  switch (kind) {
    case "shelf":
      return publish(bookShelved, { book_id: id });
    default:
      await callDesk(id);
  }
  if (isEventual) await callDesk(id);
  else await callDesk(id);
}
const callDesk = async (id: string) => id;`,
  ],
  "a change by a connection that the publisher of a class knows nothing of": [
    "B-1",
    `
import { books } from "./tables.ts";
export class Shelf {
  constructor(private readonly deps: Deps) {}
  async before(db: Database, id: string) {
    await db.insert(books).values({ id });
    await this.deps.publish(bookShelved, { book_id: id }); //! B-1
  }
  async after(id: string) {
    await this.deps.publish(bookShelved, { book_id: id }); //! B-1
    await this.deps.db.delete(books);
  }
  async within(id: string) {
    await this.deps.tx.insert(books).values({ id });
    await this.deps.publish(bookShelved, { book_id: id });
  }
}
export async function given(tx: Transaction, publish: Publish, id: string) {
  await tx.insert(books).values({ id });
  await publish(bookShelved, { book_id: id });
}`,
  ],
  "a permanent error for who is not available now": [
    "C-4",
    `
import { PermanentError as Final } from "@brain/engine";
import * as engine from "@brain/engine";
export function judge(response: Response) {
  if (response.status === 503) throw new Final("no"); //! C-4
  if (response.status === 429 || response.status >= 500) {
    throw new engine.PermanentError("no"); //! C-4
  }
  if (response.status === 404) throw new Final("no");
  if (response.status >= 400) throw new Final("no");
}`,
  ],
};

test.each([
  ["brackets", `export const a = publish(${"[".repeat(100_000)}${"]".repeat(100_000)});`],
  ["additions", `export const a = 1${" + publish(x)".repeat(100_000)};`],
])("%s that are nested too deep are told, with the file", (_name, text) => {
  const told = /^src\/shelf\/deep\.ts cannot be judged: what stands in it is nested more than 500 deep/;
  expect(() => judge("E-8", "export {};", { "src/shelf/deep.ts": text })).toThrow(told);
});

describe("violations in other forms", () => {
  test.each(Object.entries(forms))("%s", (_name, [ids, lines]) => {
    const { found, expected } = judge(ids, lines);
    expect(found).toEqual(expected);
  });

  test("the same with the line ends of Windows and a mark at the start", () => {
    const [ids, lines] = forms["a command by its key"] ?? ["", ""];
    const { found, expected } = judge(ids, lines.replaceAll("\n", "\r\n").replaceAll("//! B-5\r", "//! B-5"));
    expect(found).toEqual(expected);
  });

  test("a timer for a function of another file, however long that is, is set once and polls nothing", () => {
    const { found, expected } = judge(
      "11.2",
      `import { load } from "./load.ts";
export const soon = () => setTimeout(load, 1_000);`,
      {
        "src/shelf/load.ts": `export async function load() {
  const rows = await db.select().from(books);
  return rows.map((row) => row.id).concat("${"x".repeat(400)}");
}`,
      },
    );
    expect(found).toEqual(expected);
  });

  test("code of another module by require", () => {
    const { found, expected } = judge(
      "11.1",
      `export const desk = () => require("../desk/service.ts"); //! 11.1
export const own = () => require("./tables.ts");`,
      {
        "src/desk/index.ts": `import { defineModule } from "@brain/engine";\nexport default defineModule({ name: "desk" });`,
        "src/desk/service.ts": "export const a = 1;",
      },
    );
    expect(found).toEqual(expected);
  });
});

describe("violations in other forms of Python", () => {
  beforeAll(loadPython);

  test("flags that are asked for under the names of an import", () => {
    const text = `import os as system
from os import environ as env, getenv as ask
from .flags import lookup

USE_EVENTS = True
named = ask("USE_EVENT_STREAM", "1")
got = env.get("ENABLE_EVENT_STREAM")
key = env["USE_EVENTS"]
other = system.environ["USE_EVENTS"]
word = "USE_EVENTS"
looked = lookup("USE_EVENTS")
# USE_EVENTS is gone.
`;
    const path = "backend/modules/booking/service.py";
    const project = projectOf({
      root: "/",
      workspaces: [],
      paths: new Set([path]),
      files: new Map([[path, { path, text }]]),
    });
    const chosen = rules.filter(({ id }) => id === "C1b");
    const found = checkProject(project, chosen, "2026-11-26").findings.map(({ line }) => line);
    expect(found).toEqual([5, 6, 7, 8, 9]);
  });
});
