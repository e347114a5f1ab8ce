import { createEngine, type Engine, followEvents, type IngestResult, ingest } from "@brain/engine";
import { type Catalog, createCatalog, defineEvent } from "@brain/schemas";
import { expect, test } from "vitest";
import * as z from "zod";
import { type Consumer, on, onAny } from "../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../src/engine/consume/define/define-consumer.ts";
import type { Backbone } from "../backbone.ts";
import { labCatalog, partChecked } from "./events.ts";
import { openBackbone } from "./fixture.ts";

/*
 * Two products in one process, each with a catalog of its own. Here they even share a database and a stream, where nothing
 * but the catalog tells them apart.
 */

const pictureSold = defineEvent("museum.picture.sold", {
  version: 1,
  module: "museum",
  criticality: "INFO",
  when: "A picture was sold",
  key: ({ picture_id }) => picture_id,
  payload: z.strictObject({ picture_id: z.string().max(100) }),
});
const museumCatalog = createCatalog([pictureSold], {
  readAliases: new Map([["PictureSold", "museum.picture.sold"]]),
});
const report = { part: "db", status: "1" };
const picture = { picture_id: "p1" };

function engineOf(backbone: Backbone, catalog: Catalog, consumers: readonly Consumer[] = []): Engine {
  const sink = (_level: string, line: string) => void backbone.logs.push(line);
  return createEngine({ catalog, consumers, settings: backbone.system.settings, sink });
}

async function open() {
  const backbone = await openBackbone();
  const [lab, museum] = [engineOf(backbone, labCatalog), engineOf(backbone, museumCatalog)];
  return { backbone, lab, museum };
}

const recorded = async (backbone: Backbone) =>
  (await backbone.sql<{ type: string }>("SELECT type FROM events ORDER BY position")).map(({ type }) => type);

test("each publishes its own events, and the other's are refused with what to do", async () => {
  const { backbone, lab, museum } = await open();
  const checked = (engine: Engine) =>
    engine.transact({ source: "test" }, (_tx, publish) => publish(partChecked, report));
  const sold = (engine: Engine) =>
    engine.transact({ source: "test" }, (_tx, publish) => publish(pictureSold, picture));
  await checked(lab);
  await sold(museum);
  await expect(checked(museum)).rejects.toThrow(
    /"lab.part.checked" is not the catalogued definition. Add it to the catalog that is given to createEngine/,
  );
  await expect(sold(lab)).rejects.toThrow(/"museum.picture.sold" is not the catalogued definition/);
  expect(await recorded(backbone)).toEqual(["lab.part.checked", "museum.picture.sold"]);
});

test("each takes its own events from other programs, and proposes no name of the other", async () => {
  const { backbone, lab, museum } = await open();
  const send = async (engine: Engine, type: string, payload: object): Promise<IngestResult | undefined> =>
    (await ingest(engine.open(), [{ type, payload }], { correlationId: null, actorId: null }))[0];
  expect(await send(lab, "lab.part.checked", report)).toMatchObject({ status: "accepted" });
  expect(await send(museum, "museum.picture.sold", picture)).toMatchObject({ status: "accepted" });
  const refused = await send(lab, "museum.picture.solds", picture);
  expect(refused).toMatchObject({ status: "rejected" });
  expect(JSON.stringify(refused)).not.toContain("did you mean");
  expect(String(((await send(museum, "PictureSold", picture)) as { error?: unknown }).error)).toContain(
    'publish "museum.picture.sold"',
  );
  expect(String(((await send(lab, "PictureSold", picture)) as { error?: unknown }).error)).not.toContain(
    "museum",
  );
  expect(await recorded(backbone)).toEqual(["lab.part.checked", "museum.picture.sold"]);
});

test("an engine with a consumer of an event that it does not have is not made", async () => {
  const { backbone } = await open();
  const seller = defineConsumer({ subscriber: "seller", handlers: [on(pictureSold, async () => undefined)] });
  expect(engineOf(backbone, museumCatalog, [seller]).consumers.size).toBe(1);
  expect(() => engineOf(backbone, labCatalog, [seller])).toThrow(
    /Consumer "seller" handles "museum.picture.sold", which is not in the catalog. .*given to createEngine/,
  );
});

/** An entry that an older program of the museum appended. */
const olderEntry = [
  ...["id", "7f5f2d3e-9a44-4b1a-8a51-3f3b6d6f0c01", "type", "PictureSold", "source", "till"],
  ...["payload", JSON.stringify(picture), "timestamp", "2026-01-02T03:04:05.678Z"],
  ...["meta", '{"schema_version":1,"producer":"till","source_module":"museum"}'],
];

test("each reads the entries of one stream by its own catalog", async () => {
  const { backbone } = await open();
  const seen: [subscriber: string, type: string][] = [];
  const reader = (subscriber: string) =>
    defineConsumer({
      subscriber,
      handlers: [
        onAny(
          async (found) =>
            void seen.push(...found.map(({ event }) => [subscriber, event.type] as [string, string])),
        ),
      ],
    });
  const lab = engineOf(backbone, labCatalog, [reader("lab")]);
  const museum = engineOf(backbone, museumCatalog, [reader("museum")]);
  await backbone.append(olderEntry);
  await lab.wake(null);
  await museum.wake(null);
  expect(seen).toEqual([
    ["lab", "PictureSold"],
    ["museum", "museum.picture.sold"],
  ]);
});

test("those who follow the stream in one process read it by their own catalog", async () => {
  const { backbone, lab, museum } = await open();
  const ended = new AbortController();
  const follow = async (engine: Engine, after: Promise<unknown>[]) => {
    const invocation = engine.open();
    const bounds = { signal: ended.signal, deadlineMs: invocation.now() + 60_000, caller: "test" };
    const live = followEvents(invocation, { wants: () => true }, null, bounds);
    // The first item says where live events begin.
    await live.next();
    after.push(live.next().then(({ value }) => value?.event?.type));
  };
  const heard: Promise<unknown>[] = [];
  await follow(lab, heard);
  await follow(museum, heard);
  await backbone.append(olderEntry);
  expect(await Promise.all(heard)).toEqual(["PictureSold", "museum.picture.sold"]);
  ended.abort();
});
