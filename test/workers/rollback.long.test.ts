import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WorkerBundles } from "../../workers/local/workerd/bundle.ts";
import { waitFor } from "../wait-for.ts";
import { call } from "./course-flow.ts";
import { type Edge, startEdge } from "./edge.ts";
import { buildRelease } from "./rollback-release.ts";

/*
 * What workers/ROLLBACK.md says, tried: two releases of one module on one stream
 * and one record. Each step finds what the step before has left.
 */

let one: WorkerBundles;
let two: WorkerBundles;
let edge: Edge;
beforeAll(async () => {
  [one, two] = await Promise.all([buildRelease("one"), buildRelease("two")]);
  edge = await startEdge(one);
  await edge.sql("CREATE TABLE library_effects (event_id uuid, type text, book_id text, by text)");
}, 240_000);
afterAll(() => edge?.stop());

interface Effect {
  readonly event_id: string;
  readonly by: string | null;
}

const effects = () => edge.sql<Effect>("SELECT event_id::text, by FROM library_effects");
const published: string[] = [];

async function publish(type: string, payload: Readonly<Record<string, string>>): Promise<string> {
  const id = randomUUID();
  const answer = await call(edge, "POST", "/api/events", {
    id,
    type,
    payload: { book_id: "b-1", ...payload },
  });
  expect(answer.status, answer.text).toBe(202);
  published.push(id);
  return id;
}

/** Waits until each of these has its effect; what each was written with. */
async function applied(...ids: string[]): Promise<(string | null | undefined)[]> {
  const rows = await waitFor(
    "the effects",
    async () => {
      await edge.workers.tick();
      return effects();
    },
    (seen) => ids.every((id) => seen.some(({ event_id }) => event_id === id)),
    { timeoutMs: 60_000, everyMs: 200 },
  );
  return ids.map((id) => rows.find(({ event_id }) => event_id === id)?.by);
}

const isApplied = async (id: string) => (await effects()).some(({ event_id }) => event_id === id);
const openLetters = async () =>
  (await call(edge, "GET", "/api/dead-letters?status=open")).body.dead_letters.map(
    ({ event_id, reason }: { event_id: string; reason: string }) => ({ event_id, reason }),
  );

let rolledBackAt: string;
const whileBack: Record<"lent" | "reserved" | "returned", string> = { lent: "", reserved: "", returned: "" };

test("the first release works, and so does the second one, also on what the first one wrote", async () => {
  const lent = await publish("library.book.lent", { reader_id: "r-1" });
  expect(await applied(lent)).toEqual(["r-1"]);
  await edge.workers.reload(two);
  const ids = [
    await publish("library.book.lent", { borrower_id: "r-2" }),
    await publish("library.book.reserved", { borrower_id: "r-3" }),
    await publish("library.book.returned", { note: "torn" }),
  ];
  expect(await applied(...ids)).toEqual(["r-2", "r-3", "torn"]);
});

test("back with the consumers: they keep running, and what they cannot read waits as a dead letter, not lost", async () => {
  rolledBackAt = new Date(Date.now() - 1_000).toISOString();
  await edge.workers.reload({ ...two, consumer: one.consumer, consumerParts: one.consumerParts ?? {} });
  whileBack.lent = await publish("library.book.lent", { borrower_id: "r-4" });
  whileBack.reserved = await publish("library.book.reserved", { borrower_id: "r-5" });
  whileBack.returned = await publish("library.book.returned", { note: "wet" });
  // A field that it does not know is left out, and the event is applied.
  expect(await applied(whileBack.returned)).toEqual([null]);
  await waitFor("the dead letter", openLetters, (letters) => letters.length === 1);
  expect(await openLetters()).toEqual([{ event_id: whileBack.lent, reason: "invalid_payload" }]);
  // A type that it does not know is passed over: neither effect nor dead letter.
  expect(await isApplied(whileBack.reserved)).toBe(false);
});

test("back with the API too: the first release publishes and applies as before, and refuses what is not its", async () => {
  await edge.workers.reload(one);
  const refused = await call(edge, "POST", "/api/events", {
    type: "library.book.reserved",
    payload: { book_id: "b-1", borrower_id: "r-6" },
  });
  expect(refused.status).toBe(422);
  const lent = await publish("library.book.lent", { reader_id: "r-7" });
  expect(await applied(lent)).toEqual(["r-7"]);
  await edge.workers.janitor();
  expect((await call(edge, "GET", "/api/events/stats")).body).toMatchObject({ outbox_backlog: 0 });
});

test("forward again: a redrive and a replay bring what waited, each event once", async () => {
  await edge.workers.reload(two);
  // Control: without them it would stay out.
  await edge.workers.tick();
  await edge.workers.janitor();
  expect(await isApplied(whileBack.lent)).toBe(false);
  expect(await isApplied(whileBack.reserved)).toBe(false);

  const redrive = await call(edge, "POST", "/api/dead-letters/redrive", {
    filter: { subscriber: "library", type: "library.book.lent" },
    reason: "the release that can read them is back",
  });
  expect(redrive.status, redrive.text).toBeLessThan(300);
  const replay = await call(edge, "POST", "/api/replays", {
    subscriber: "library",
    name: "release two is back",
    from: rolledBackAt,
  });
  expect(replay.status, replay.text).toBeLessThan(300);
  expect(await applied(whileBack.lent, whileBack.reserved)).toEqual(["r-4", "r-5"]);
  await waitFor("no open dead letter", openLetters, (letters) => letters.length === 0);
  await edge.workers.tick();
  const seen = (await effects()).map(({ event_id }) => event_id);
  expect(seen.toSorted()).toEqual(published.toSorted());
});
