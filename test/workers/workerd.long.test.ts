import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../tools/root.ts";
import { bundleWorkers, type WorkerBundles } from "../../workers/local/workerd/bundle.ts";
import { toldSeed } from "../drawn-seed.ts";
import { type Collector, startCollector } from "../observability/collector.ts";
import { waitFor } from "../wait-for.ts";
import { expectConsolePages } from "./console-pages.ts";
import { call, createCourse, distributionsOf, expectPromptCourse, sendTooMuch } from "./course-flow.ts";
import { completedCourse, countOf, type Edge, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";
import { expectTokens, openTrustedIssuer } from "./tokens.ts";
import { expectTraces } from "./traced.ts";
import { expectTry } from "./try-out.ts";

let bundles: WorkerBundles;
beforeAll(async () => {
  bundles = await productBundles();
});

describe("the built workers in workerd", () => {
  let edge: Edge;
  let trusted: Awaited<ReturnType<typeof openTrustedIssuer>>;
  let collector: Collector;
  beforeAll(async () => {
    trusted = await openTrustedIssuer();
    collector = await startCollector();
    edge = await startEdge(bundles, {
      BRAIN_JWT_ISSUERS: trusted.setting,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
  });
  afterAll(() => Promise.all([edge?.stop(), trusted?.issuer.close(), collector?.close()]));

  test("know who calls by a token of an issuer, and refuse what it did not sign", () =>
    expectTokens(edge, trusted.issuer));

  test("bring a course to its distribution and to staging without any cron tick", async () => {
    await expectPromptCourse(edge);
    expect(await countOf(edge, "dead_letters")).toBe(0);
    expect(edge.logs.filter((line) => /"level":"error"/.test(line))).toEqual([]);
  });

  test("serve the console", () => expectConsolePages(edge));

  test("serve the documents of the events, and not to anybody", async () => {
    const { status, body } = await call(edge, "GET", "/asyncapi.json");
    expect(status).toBe(200);
    expect(body).toMatchObject({ asyncapi: "3.0.0", servers: { api: { host: new URL(edge.url).host } } });
    const listed = (await call(edge, "GET", "/schemas/index.json")).body.schemas as { schema: string }[];
    expect(listed.length).toBeGreaterThan(80);
    const [{ schema }] = listed as [{ schema: string }];
    expect((await call(edge, "GET", new URL(schema).pathname)).body).toMatchObject({ $id: schema });
    for (const path of ["/asyncapi.json", "/schemas/index.json", new URL(schema).pathname])
      expect((await fetch(`${edge.url}${path}`)).status, path).toBe(401);
  });

  test("try an event out", () => expectTry(edge));

  test("send what they trace, and tell their metrics", async () => {
    await expectTraces(collector, edge);
  });

  test("show what they did: sent events, read groups, no backlog", async () => {
    // Events wake those who handle their type; who reads past them, and whose group is yet to begin, does so by cron.
    await edge.workers.tick();
    await waitFor(
      "everything is sent, read and acked",
      async () =>
        (await call(edge, "GET", "/api/consumers")).body.consumers as { lag: number; pending: number }[],
      (states) => states.length > 0 && states.every(({ lag, pending }) => lag === 0 && pending === 0),
    );
    expect((await call(edge, "GET", "/api/events/stats")).body).toMatchObject({
      stream_running: true,
      outbox_backlog: 0,
      dead_letters: 0,
    });
  });

  test("answer a body over the limit with 413, whether it tells its length or not", async () => {
    for (const length of ["told", "untold"] as const) {
      const reply = await sendTooMuch(edge, length);
      expect(reply.status).toBe(413);
      expect(reply.body.error.code).toBe("payload_too_large");
    }
  });

  test("answer without the key with 401, and do not show the consumer to anybody", async () => {
    expect((await call({ ...edge, key: "wrong-key-0123456789" }, "GET", "/api/events/stats")).status).toBe(
      401,
    );
    expect((await call(edge, "POST", "/wake", ["system.health"])).status).toBe(404);
    const answer = await rawRequest(
      edge.url,
      "GET /api/health HTTP/1.1\r\nhost: consumer\r\nconnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("do not let a request id add a header", async () => {
    const answer = await rawRequest(
      edge.url,
      "GET /api/health HTTP/1.1\r\nhost: x\r\nx-request-id: a%0d%0aset-cookie: b=c\r\nconnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toMatch(/set-cookie/i);
    expect(answer).toMatch(/x-request-id: [0-9a-f-]{36}/i);
  });
});

/** Sends these very bytes and gives all that comes back. */
async function rawRequest(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(text);
  let answer = "";
  for await (const chunk of socket.setEncoding("utf8")) answer += chunk;
  return answer;
}

describe("without its configuration", () => {
  test("every request is answered with 503, health too; only the log names the variables", async () => {
    const edge = await startEdge(bundles, { NEON_DATABASE_URL: "", BRAIN_EVENTSTREAM_MODE: "sometimes" });
    try {
      for (const path of ["/api/health", "/api/events/stats"]) {
        const reply = await call(edge, "GET", path);
        expect(reply.status).toBe(503);
        expect(reply.body.error.code).toBe("unavailable");
        expect(reply.text).not.toMatch(/NEON|MODE|sometimes/);
      }
      await waitFor(
        "the log names both variables",
        () => edge.logs.join("\n"),
        (text) => text.includes("NEON_DATABASE_URL") && text.includes("BRAIN_EVENTSTREAM_MODE"),
      );
    } finally {
      await edge.stop();
    }
  });
});

describe("with a consumer that cannot be woken", () => {
  let edge: Edge;
  beforeAll(async () => {
    const deaf = await bundleWorkers({
      api: `${root}workers/api.ts`,
      consumer: fileURLToPath(new URL("deaf-consumer.ts", import.meta.url).href),
    });
    edge = await startEdge(deaf);
  });
  afterAll(() => edge?.stop());

  test("a cron tick alone does it all", async () => {
    const courseId = await createCourse(edge);
    await waitFor(
      "the failed wake is noted",
      () => edge.logs.join("\n"),
      (text) => text.includes("could not be woken"),
    );
    await waitFor(
      "all is sent",
      () => countOf(edge, "unsent_events"),
      (count) => count === 0,
    );
    expect(await distributionsOf(edge, courseId)).toEqual([]);
    await edge.workers.tick();
    const entries = await distributionsOf(edge, courseId);
    expect(entries).toHaveLength(1);
    expect(entries[0]?.staging_url).toMatch(/^https:\/\//);
  });

  test("a cron tick also sends what was recorded and nobody was told of", async () => {
    const event = completedCourse(randomUUID());
    const { course_id: courseId } = event.payload;
    await edge.sql(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, shard, key)
       VALUES ($1, $2, 'other', 1, 'other', 'course_factory', $3, $4, now(), 0, $5)`,
      [
        event.id,
        event.type,
        { schema_version: 1, producer: "other", source_module: "course_factory" },
        event.payload,
        courseId,
      ],
    );
    expect((await call(edge, "GET", `/api/events/${event.id}`)).body.sent_at).toBeNull();
    await edge.workers.tick();
    expect((await call(edge, "GET", `/api/events/${event.id}`)).body.sent_at).not.toBeNull();
    expect(await distributionsOf(edge, courseId)).toHaveLength(1);
  });
});

/** Small random numbers that a seed repeats. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

describe("workerd killed again and again", () => {
  const crashes = 5;
  const perBatch = 10;
  /** Starting workerd five times over takes a slow machine a minute; only a fault takes longer than this. */
  const slowMs = 120_000;

  test(
    "while events are ingested and consumed, each is applied once and none is lost",
    async () => {
      const seed = toldSeed();
      const random = createRandom(seed);
      const edge = await startEdge(bundles);
      try {
        const courses: string[] = [];
        let killing = true;
        const ingest = async () => {
          while (killing) {
            const events = Array.from({ length: perBatch }, () => completedCourse(randomUUID()));
            courses.push(...events.map(({ payload }) => payload.course_id));
            // As every sender must: the same events again until there is an answer.
            await waitFor(
              `a batch is accepted (seed ${seed})`,
              async () => (await call(edge, "POST", "/api/events/batch", events)).status,
              (status) => status === 202,
              // Between two kills there may be no time for an answer, and a killed server may leave a call hanging.
              { timeoutMs: slowMs },
            );
          }
        };
        const killAll = async () => {
          try {
            for (let n = 0; n < crashes; n += 1) {
              await waitFor(
                `the workers answer before kill ${n + 1} (seed ${seed})`,
                async () => (await call(edge, "GET", "/api/health")).status,
                (status) => status === 200,
                { timeoutMs: slowMs },
              );
              // Long enough for all of it on a fast machine, and for some of it on a slow one.
              await delay(20 + random() * 300);
              await edge.workers.crash();
            }
          } finally {
            killing = false;
          }
        };
        await Promise.all([ingest(), killAll()]);

        const published = courses.length;
        await waitFor(
          `all is applied after the crashes (seed ${seed})`,
          async () => {
            await edge.workers.tick();
            const { body } = await call(edge, "GET", "/api/consumers");
            const states = body.consumers as { lag: number | null; pending: number }[];
            return {
              unsent: await countOf(edge, "unsent_events"),
              distributions: await countOf(edge, "course_distributions"),
              states: states.map(({ lag, pending }) => ({ lag, pending })),
            };
          },
          ({ unsent, states }) =>
            unsent === 0 && states.every(({ lag, pending }) => lag === 0 && pending === 0),
          { timeoutMs: slowMs },
        );
        const note = `seed ${seed}`;
        expect(await countOf(edge, "events WHERE type = 'course.generation.completed'"), note).toBe(
          published,
        );
        expect(await countOf(edge, "course_distributions"), note).toBe(published);
        expect(await countOf(edge, "events WHERE type = 'distribution.created'"), note).toBe(published);
        for (const [subscriber, type] of [
          ["course_distribution", "course.generation.completed"],
          ["course_factory", "distribution.created"],
        ]) {
          const claims = "processed_events WHERE subscriber_name = $1 AND event_type = $2";
          expect(await countOf(edge, claims, [subscriber, type]), `${subscriber}, ${note}`).toBe(published);
        }
        expect(await countOf(edge, "dead_letters"), note).toBe(0);
        expect((await call(edge, "GET", "/api/events/stats")).body.stream_length, note).toBe(
          await countOf(edge, "events"),
        );
      } finally {
        await edge.stop();
      }
    },
    3 * slowMs,
  );
});
