import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { answering } from "../answering.ts";
import { listen } from "../listening.ts";
import { waitFor } from "../wait-for.ts";
import { call, distributionsOf } from "./course-flow.ts";
import { completedCourse, countOf, type Edge, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

/** A door in front of Redis' HTTP address that swallows the acks of one group as long as it is told to. */
interface AckGate {
  readonly url: string;
  /** Requests with an ack that were swallowed: neither passed on nor answered. */
  readonly swallowed: string[];
  pass(): void;
  close(): Promise<void>;
}

async function openAckGate(target: string, group: string): Promise<AckGate> {
  let swallowing = true;
  const swallowed: string[] = [];
  const server = createServer(
    answering(async (incoming, outgoing) => {
      const body = Buffer.concat(await incoming.toArray()).toString();
      if (swallowing && body.includes('"XACK"') && body.includes(group)) {
        swallowed.push(body);
        return;
      }
      const { authorization = "" } = incoming.headers;
      const headers = { authorization, "content-type": "application/json" };
      const reply = await fetch(`${target}${incoming.url}`, { method: "POST", headers, body });
      outgoing.writeHead(reply.status, { "content-type": "application/json" }).end(await reply.text());
    }),
  );
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    swallowed,
    pass() {
      swallowing = false;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

let gate: AckGate;
let edge: Edge;
beforeAll(async () => {
  gate = await openAckGate(inject("services").upstash.url, "edge_course_distribution");
  edge = await startEdge(await productBundles(), { UPSTASH_REDIS_REST_URL: gate.url });
});
afterAll(async () => {
  await edge?.stop();
  await gate?.close();
});

test("a worker killed between commit and ack leaves no second effect, and the event is acked later", async () => {
  const event = completedCourse(randomUUID());
  const { course_id: courseId } = event.payload;
  expect((await call(edge, "POST", "/api/events", event)).status).toBe(202);
  await waitFor(
    "the consumer wants to ack",
    () => gate.swallowed.length,
    (count) => count > 0,
  );
  // The commit is through, the ack is not: this is the moment.
  const claims = "processed_events WHERE subscriber_name = 'course_distribution' AND event_id = $1";
  expect(await countOf(edge, claims, [event.id])).toBe(1);
  const created = "events WHERE type = 'distribution.created' AND payload ->> 'course_id' = $1";
  expect(await countOf(edge, created, [courseId])).toBe(1);
  await edge.workers.crash();
  expect(await stateOf("course_distribution")).toMatchObject({ pending: 1 });

  gate.pass();
  const drained: { redelivered: number; applied: number }[] = [];
  await waitFor(
    "the event is acked",
    async () => {
      const reply = await call(edge, "POST", "/api/consumers/course_distribution/drain");
      drained.push(...reply.body.shards);
      return stateOf("course_distribution");
    },
    (state) => state?.pending === 0,
  );
  const sum = (field: "redelivered" | "applied") => drained.reduce((total, shard) => total + shard[field], 0);
  expect({ redelivered: sum("redelivered"), applied: sum("applied") }).toEqual({
    redelivered: 1,
    applied: 0,
  });
  expect(await countOf(edge, claims, [event.id])).toBe(1);
  expect(await countOf(edge, created, [courseId])).toBe(1);
  expect(await distributionsOf(edge, courseId)).toHaveLength(1);
  expect(await countOf(edge, "dead_letters")).toBe(0);
});

async function stateOf(subscriber: string) {
  const states = (await call(edge, "GET", "/api/consumers")).body.consumers as {
    subscriber: string;
    pending: number;
  }[];
  return states.find((state) => state.subscriber === subscriber);
}
