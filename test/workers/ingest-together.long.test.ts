import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { expect, inject, onTestFinished, test } from "vitest";
import { bundleWorkers } from "../../workers/local/workerd/bundle.ts";
import { answering } from "../answering.ts";
import { listen } from "../listening.ts";
import { waitFor } from "../wait-for.ts";
import { countOf, type Edge, startEdge } from "./edge.ts";

/*
 * Requests of one isolate of the real runtime that wait for the statement of another one, while that one's client goes
 * away, or the runtime ends it.
 */

/** A statement that records events of the test, on its way to Postgres. */
interface Recording {
  /** Of the events, in their order. */
  readonly ids: readonly string[];
  /** Has Postgres carry it out. */
  run(): Promise<void>;
  /** Tells the worker what came of it. */
  answer(): void;
}

/** A door in front of Postgres' HTTP address that stops such statements. */
interface Gate {
  readonly port: number;
  /** The one with this number, from 0, when it has come. */
  recording(number: number): Promise<Recording>;
  readonly count: number;
  /** From now on all go through by themselves, also those that were stopped. */
  open(): void;
  close(): Promise<void>;
}

async function openGate(ids: readonly string[]): Promise<Gate> {
  const { host } = new URL(inject("services").neonUrl);
  const recordings: Recording[] = [];
  let isOpen = false;
  const ask = async (incoming: IncomingMessage, body: string) => {
    const { host: _ours, ...headers } = incoming.headers;
    const reply = await fetch(`http://${host}${incoming.url}`, {
      method: "POST",
      headers: headers as Record<string, string>,
      body,
    });
    return { status: reply.status, text: await reply.text() };
  };
  const server = createServer(
    answering(async (incoming, outgoing) => {
      const body = Buffer.concat(await incoming.toArray()).toString();
      const own = ids.filter((id) => body.includes(id)).toSorted((a, b) => body.indexOf(a) - body.indexOf(b));
      // The other statement with ids looks for what is known already.
      const isRecording = own.length > 0 && !body.includes("stream_message_id");
      let reply = isRecording ? null : await ask(incoming, body);
      if (isRecording) {
        const answered = Promise.withResolvers<void>();
        const recording: Recording = {
          ids: own,
          async run() {
            reply ??= await ask(incoming, body);
          },
          answer: answered.resolve,
        };
        recordings.push(recording);
        if (isOpen) await recording.run().then(recording.answer);
        await answered.promise;
      }
      outgoing.writeHead(reply?.status ?? 500, { "content-type": "application/json" }).end(reply?.text);
    }),
  );
  const port = await listen(server);
  return {
    port,
    async recording(number) {
      const seen = await waitFor(
        `statement ${number}`,
        () => recordings,
        ({ length }) => length > number,
      );
      return seen[number] as Recording;
    },
    get count() {
      return recordings.length;
    },
    open() {
      isOpen = true;
      for (const recording of recordings) void recording.run().then(recording.answer);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Tells requests to end: each asks with its id, and gets its answer when the test says so. */
async function openSigns() {
  const asked = new Map<string, () => void>();
  const server = createServer((incoming, outgoing) => {
    asked.set(incoming.url?.slice(1) ?? "", () => outgoing.end("now"));
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, asked };
}

const endedApi = fileURLToPath(new URL("ended-api.ts", import.meta.url).href);
const timerlessApi = fileURLToPath(new URL("timerless-api.ts", import.meta.url).href);
/** Nobody handles anything: only requests reach Postgres. */
const consumer = fileURLToPath(new URL("deaf-consumer.ts", import.meta.url).href);

/** Events of the requests that come together; `first` is under way meanwhile. */
interface Scene {
  readonly edge: Edge;
  readonly gate: Gate;
  readonly group: readonly string[];
  /** Ends the request of an event without a word. */
  end(id: string): void;
  /** Its client goes away. */
  leave(id: string): void;
  /** Status and body of each answer, by the event's id; null: there was none. */
  readonly answers: ReadonlyMap<string, Promise<{ status: number; body: string } | null>>;
}

/** Made once for each. */
const bundles = new Map<string, ReturnType<typeof bundleWorkers>>();

function bundlesOf(api: string): ReturnType<typeof bundleWorkers> {
  const made = bundles.get(api) ?? bundleWorkers({ api, consumer });
  bundles.set(api, made);
  return made;
}

/**
 * Three requests wait for the statement of a first one, in one isolate.
 *
 * @param meanwhile comes to its end before that one gets its answer
 */
async function openScene(
  api: string,
  meanwhile: (scene: Pick<Scene, "group" | "answers">) => Promise<void> = async () => undefined,
): Promise<Scene> {
  const [first = "", ...group] = Array.from({ length: 4 }, () => randomUUID());
  const gate = await openGate([first, ...group]);
  onTestFinished(() => gate.close());
  const signs = await openSigns();
  const edge = await startEdge(
    await bundlesOf(api),
    ({ neonUrl }) => {
      const url = new URL(neonUrl);
      url.port = String(gate.port);
      return { NEON_DATABASE_URL: url.href };
    },
    { flags: ["experimental"] },
  );
  onTestFinished(() => edge.stop());
  const clients = new Map<string, AbortController>();
  const answers = new Map<string, Promise<{ status: number; body: string } | null>>();
  const send = (id: string) => {
    const client = new AbortController();
    clients.set(id, client);
    const post = async () => {
      const answer = await fetch(`${edge.url}/api/events`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${edge.key}`,
          "content-type": "application/json",
          "x-test-ends": `${signs.url}/${id}`,
        },
        body: JSON.stringify({
          id,
          type: "system.health",
          payload: { component: "relay", status: "ok" },
        }),
        signal: client.signal,
      });
      return { status: answer.status, body: await answer.text() };
    };
    answers.set(
      id,
      post().catch(() => null),
    );
  };
  send(first);
  const recording = await gate.recording(0);
  for (const id of group) send(id);
  if (api === endedApi) {
    await waitFor(
      "the requests are in work",
      () => signs.asked.size,
      (count) => count === 4,
    );
  }
  // What came before it has got as far as it gets.
  const looked = await fetch(`${edge.url}/api/events/${randomUUID()}`, {
    headers: { authorization: `Bearer ${edge.key}` },
  });
  expect(looked.status).toBe(404);
  await recording.run();
  await meanwhile({ group, answers });
  recording.answer();
  expect(await answers.get(first)).toMatchObject({ status: 202 });
  return {
    edge,
    gate,
    group,
    end: (id) => signs.asked.get(id)?.(),
    leave: (id) => clients.get(id)?.abort(),
    answers,
  };
}

const rowsOf = (edge: Edge, ids: readonly string[]) => countOf(edge, "events WHERE id = ANY($1)", [ids]);

/** Three at once that share a statement; what came apart, on a machine that stood still, is tried again. */
async function openGroup(): Promise<Scene & { readonly recording: Recording; readonly leader: string }> {
  for (;;) {
    const scene = await openScene(endedApi);
    const recording = await scene.gate.recording(1);
    const [leader = ""] = recording.ids;
    if (recording.ids.length === scene.group.length) return { ...scene, recording, leader };
    scene.gate.open();
    await Promise.all(scene.answers.values());
  }
}

const accepted = { status: 202, body: expect.stringContaining('"status":"accepted"') };

test("a client that goes away while its request leads a group takes nobody with it, and its event is stored", async () => {
  const { edge, gate, group, leader, recording, leave, answers } = await openGroup();
  leave(leader);
  expect(await answers.get(leader)).toBeNull();
  await recording.run();
  recording.answer();
  for (const id of group) if (id !== leader) expect(await answers.get(id)).toMatchObject(accepted);
  expect(gate.count).toBe(2);
  expect(await rowsOf(edge, group)).toBe(3);
});

test("a request that is ended while it leads a group leaves nobody waiting: each is answered once, as stored", async () => {
  const { edge, gate, group, leader, recording, end, answers } = await openGroup();
  await recording.run();
  end(leader);
  expect(await answers.get(leader)).not.toMatchObject({ status: 202 });
  gate.open();
  for (const id of group) if (id !== leader) expect(await answers.get(id)).toMatchObject(accepted);
  // The first, the group, and the two that recorded again.
  expect(gate.count).toBe(4);
  expect(await rowsOf(edge, group)).toBe(3);
});

test("a request that is ended before Postgres has the statement of its group loses its own event alone", async () => {
  const { edge, gate, group, leader, end, answers } = await openGroup();
  end(leader);
  expect(await answers.get(leader)).not.toMatchObject({ status: 202 });
  const others = group.filter((id) => id !== leader);
  const again = [await gate.recording(2), await gate.recording(3)];
  for (const recording of again) await recording.run().then(recording.answer);
  for (const id of others) expect(await answers.get(id)).toMatchObject(accepted);
  expect(await rowsOf(edge, others)).toBe(2);
  expect(await rowsOf(edge, [leader])).toBe(0);
});

test("control: without a timer of its own the runtime ends whoever waits for the request of another", async () => {
  // Whoever is still in work when the first one is answered goes on, and leads a group.
  const { edge, gate, group } = await openScene(timerlessApi, async (waiting) => {
    for (const id of waiting.group) expect(await waiting.answers.get(id)).toMatchObject({ status: 500 });
  });
  expect(edge.logs.join("\n")).toContain("hung");
  expect(gate.count).toBe(1);
  expect(await rowsOf(edge, group)).toBe(0);
});
