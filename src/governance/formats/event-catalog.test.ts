import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Catalog,
  createCatalog,
  defineEvent,
  type EventDefinition,
  type JsonObject,
} from "@brain/schemas";
import { asyncApiDocument, schemaDocument, schemaIndex } from "@brain/schemas/documents";
import * as sdk from "@eventcatalog/sdk";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { writeEventCatalog } from "./event-catalog.ts";
import type { Facts } from "./facts.ts";
import { noteFile } from "./sync-folder.ts";

const openCatalog = sdk.default as unknown as typeof sdk.default.default;

const about = {
  module: "library",
  criticality: "INFO",
  key: ({ book_id }: { book_id: string }) => book_id,
} as const;
const book = z.string().max(50).describe("The book.");
const lent = defineEvent("library.book.lent", {
  ...about,
  version: 1,
  when: "A reader took a book {home} <today>",
  consumers: ["reminders"],
  payload: z.strictObject({ book_id: book }),
});
const returned = (version: 1 | 2): EventDefinition =>
  defineEvent("library.book.returned", {
    ...about,
    version,
    when: "A reader brought a book back",
    payload: z.strictObject({
      book_id: book,
      ...(version === 1 ? {} : { days_late: z.int().describe("Days.") }),
    }),
    ...(version === 1 ? {} : { upcasts: { 1: (payload: JsonObject) => ({ ...payload, days_late: 0 }) } }),
  });
const paid = defineEvent("payment.fee.paid", {
  version: 1,
  module: "till",
  criticality: "CRITICAL",
  when: "A fee was paid",
  producers: [],
  payload: z.strictObject({ fee_id: z.string().max(50).describe("The fee.") }),
});

/** What a server of these events says. */
function factsOf(catalog: Catalog): Facts {
  const options = { base: "https://brain.example", examples: {} };
  const subscribers = [
    { subscriber: "reminders", types: ["library.book.lent"] },
    { subscriber: "audit", types: null },
  ];
  const asyncApi = asyncApiDocument(catalog, {
    ...options,
    title: "A library",
    version: "1.2.3",
    subscribers,
    streams: ["s", "s:1"],
    ingest: "/api/events",
  });
  return {
    asyncApi,
    catalogue: {
      catch_all: ["audit"],
      subscribers: [{ subscriber: "reminders", module: "mailing" }],
      events: catalog.all.map((definition) => ({
        ...{
          type: definition.type,
          module: definition.module,
          version: definition.version,
          when: definition.when,
        },
        ...{
          criticality: definition.criticality,
          producers: definition.producers,
          outside: definition.outside,
        },
        key: definition.keyOf({ book_id: "b" }) === null ? null : "book_id",
        personal_fields: definition.personal,
        consumers: definition.consumers.map((subscriber) => ({ subscriber, handles: true })),
      })),
    },
    schemas: schemaIndex(catalog, options).map(({ type, version, is_current: isCurrent }) => {
      const definition = catalog.find(type) ?? lent;
      const schema = (use: "read" | "publish") => schemaDocument(definition, version, use, options);
      return { type, version, isCurrent, read: schema("read") ?? {}, publish: schema("publish") };
    }),
  };
}

const first = factsOf(createCatalog([lent, returned(1), paid]));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "event-catalog-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** All files with what is in them. */
async function content(): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.map(
    async (file) => [file.slice(folder.length + 1), await readFile(file, "utf8")] as const,
  );
  return Object.fromEntries((await Promise.all(read)).toSorted());
}

const lentPage = "domains/library-domain/services/library/events/library.book.lent/index.mdx";
const edit = async (path: string, change: (text: string) => string) => {
  const file = join(folder, path);
  await writeFile(file, change(await readFile(file, "utf8")));
};

describe("what is written", () => {
  test("is read back by the SDK: domains, services with what they send and receive, events with schemas, channels", async () => {
    const { left, removed } = await writeEventCatalog(first, folder);
    expect([left, removed]).toEqual([[], []]);
    const catalog = openCatalog(folder);
    const domains = await catalog.getDomains();
    expect(domains.map(({ id }) => id).toSorted()).toEqual(["library-domain", "payment-domain"]);
    const library = await catalog.getService("library");
    expect(library.sends?.map(({ id, version }) => [id, version])).toEqual([
      ["library.book.lent", "1.0.0"],
      ["library.book.returned", "1.0.0"],
    ]);
    expect(library.sends?.[0]?.to).toEqual([{ id: "stream", version: "1.2.3" }]);
    // By its module, where that is known; who catches everything is in no domain.
    expect((await catalog.getService("mailing")).receives?.map(({ id }) => id)).toEqual([
      "library.book.lent",
    ]);
    expect((await catalog.getService("audit")).receives).toHaveLength(3);
    expect(await catalog.getService("till")).toMatchObject({
      externalSystem: true,
      sends: [{ id: "payment.fee.paid" }],
    });
    expect((await catalog.getChannels()).map(({ id, address }) => [id, address]).toSorted()).toEqual([
      ["ingest", "/api/events"],
      ["stream", "s{shard}"],
    ]);
    const event = await catalog.getEvent("library.book.lent", undefined, { attachSchema: true });
    expect(event).toMatchObject({ version: "1.0.0", summary: lent.when, channels: [{ id: "stream" }] });
    const [producers, consumers] = [
      await catalog.getProducersAndConsumersForMessage("library.book.lent"),
      first.catalogue.catch_all,
    ];
    expect(producers.producers.map(({ id }) => id)).toEqual(["library"]);
    expect(producers.consumers.map(({ id }) => id).toSorted()).toEqual([...consumers, "mailing"]);
    const { [lentPage.replace("index.mdx", "schema.json")]: schema = "" } = await content();
    expect(new Ajv2020().compile(JSON.parse(schema))({ book_id: "b", more: 1 })).toBe(true);
    expect((await content())[lentPage]).toContain("a book \\{home\\} \\<today\\>");
  });

  test("is the same when it is written again", async () => {
    await writeEventCatalog(first, folder);
    const before = await content();
    const rep = await writeEventCatalog(first, folder);
    expect(await content()).toEqual(before);
    expect(rep).toEqual({ written: [], removed: [], left: [] });
  });
});

describe("what people did", () => {
  test("to a page stays: their text, their fields of its head; and what is ours is brought up to date", async () => {
    await writeEventCatalog(first, folder);
    await edit(lentPage, (text) =>
      text.replace("---\nid:", "---\nowners:\n  - anna\nid:").replace("<NodeGraph />", "Ask Anna."),
    );
    const changed = structuredClone(first) as {
      catalogue: { events: { type: string; when: string }[] };
    } & Facts;
    for (const event of changed.catalogue.events) if (event.type === lent.type) event.when = "A book left";
    expect((await writeEventCatalog(changed, folder)).left).toEqual([]);
    const page = await openCatalog(folder).getEvent("library.book.lent");
    expect(page).toMatchObject({
      summary: "A book left",
      owners: ["anna"],
      markdown: expect.stringContaining("Ask Anna."),
    });
    const before = await content();
    expect(await writeEventCatalog(changed, folder)).toEqual({ written: [], removed: [], left: [] });
    expect(await content()).toEqual(before);
  });

  test("beside our files is never touched, also where we would have written", async () => {
    const own = {
      "users/anna.mdx": "---\nid: anna\nname: Anna\n---\n",
      [lentPage]: "---\nid: library.book.lent\nname: Ours\nversion: 1.0.0\n---\nHello\n",
    };
    const catalog = openCatalog(folder);
    await catalog.writeUser({ id: "anna", name: "Anna", markdown: "" } as never);
    const users = Object.keys(await content());
    await catalog.writeEvent(
      { id: "library.book.lent", name: "Ours", version: "1.0.0", markdown: "Hello" },
      { path: `/../${lentPage.replace("/index.mdx", "")}` },
    );
    const before = await content();
    expect(Object.keys(before)).toEqual([...Object.keys({ [lentPage]: 0 }), ...users].toSorted());
    const { left } = await writeEventCatalog(first, folder);
    expect(left).toEqual([lentPage]);
    expect(await content()).toMatchObject(before);
    await writeEventCatalog(factsOf(createCatalog([paid])), folder);
    expect(await content()).toMatchObject(before);
    expect(own[lentPage]).toContain("Hello");
  });

  test("to a schema is left and told", async () => {
    await writeEventCatalog(first, folder);
    const path = lentPage.replace("index.mdx", "schema.json");
    await edit(path, () => "{}\n");
    const changed = structuredClone(first) as Facts & { schemas: { read: JsonObject }[] };
    for (const schema of changed.schemas) schema.read.title = "another";
    expect((await writeEventCatalog(changed, folder)).left).toEqual([path]);
    expect((await content())[path]).toBe("{}\n");
  });

  test("to the note stops it, and nothing is written", async () => {
    await writeEventCatalog(first, folder);
    await writeFile(join(folder, noteFile), "no JSON");
    const before = await content();
    await expect(writeEventCatalog(factsOf(createCatalog([paid])), folder)).rejects.toThrow(
      /is no note of this program/,
    );
    expect(await content()).toEqual(before);
  });
});

describe("an event that changed", () => {
  test("to a newer version stands beside the older one, which keeps its schema", async () => {
    await writeEventCatalog(first, folder);
    const next = factsOf(createCatalog([lent, returned(2), paid]));
    expect((await writeEventCatalog(next, folder)).left).toEqual([]);
    const catalog = openCatalog(folder);
    expect((await catalog.getEvent("library.book.returned"))?.version).toBe("2.0.0");
    expect((await catalog.getEvent("library.book.returned", "1.0.0"))?.version).toBe("1.0.0");
    const place = "domains/library-domain/services/library/events/library.book.returned";
    const files = await content();
    expect(JSON.parse(files[`${place}/schema.json`] ?? "{}").required).toEqual(["book_id", "days_late"]);
    expect(JSON.parse(files[`${place}/versioned/1.0.0/schema.json`] ?? "{}").required).toEqual(["book_id"]);
    expect(await writeEventCatalog(next, folder)).toEqual({ written: [], removed: [], left: [] });
    expect(await content()).toEqual(files);
  });

  test("is there with all its versions in a folder that never had the older one", async () => {
    await writeEventCatalog(factsOf(createCatalog([returned(2)])), folder);
    const older = await openCatalog(folder).getEvent("library.book.returned", "1.0.0");
    expect(older).toMatchObject({ deprecated: { message: expect.stringContaining("stays readable") } });
  });

  test("and is gone takes its files along, with those of its versions, and no others", async () => {
    await writeEventCatalog(factsOf(createCatalog([lent, returned(2), paid])), folder);
    await edit(lentPage, (text) => `${text}\nMine.\n`);
    const { removed, left } = await writeEventCatalog(factsOf(createCatalog([paid])), folder);
    expect(left).toEqual([lentPage]);
    expect(removed).toContain(
      "domains/library-domain/services/library/events/library.book.returned/versioned/1.0.0/index.mdx",
    );
    const files = Object.keys(await content()).filter((path) => path.startsWith("domains/library-domain/"));
    expect(files).toEqual([lentPage]);
    const before = await content();
    expect(await writeEventCatalog(factsOf(createCatalog([paid])), folder)).toEqual({
      written: [],
      removed: [],
      left: [],
    });
    expect(await content()).toEqual(before);
  });
});

test("a name that leads out of the folder is refused", async () => {
  const evil = structuredClone(first) as Facts & { schemas: { type: string }[] } & {
    catalogue: { events: { type: string }[] };
  };
  for (const one of [...evil.schemas, ...evil.catalogue.events])
    if (one.type === paid.type) one.type = "../../../evil";
  await expect(writeEventCatalog(evil, folder)).rejects.toThrow(/no path below a folder/);
  expect(await content()).toEqual({});
});
