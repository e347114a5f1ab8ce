import { createEngine, defineJob } from "@brain/engine";
import { describe, expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../src/engine/core/telemetry/log.ts";
import { openTracer } from "../../src/engine/traces/tracer.ts";
import type { TestEnv } from "../backbone.ts";
import { openStation, type Station } from "../cli/server.ts";
import { labCatalog, partChecked } from "../engine/events.ts";
import { openBackbone, publishReports, recorder } from "../engine/fixture.ts";
import { waitFor } from "../wait-for.ts";
import { type Collector, startCollector } from "./collector.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const caller = "00f067aa0ba902b7";
const report = { type: partChecked.type, payload: { part: "db", status: "1" }, source: "probe" };

async function open(env: TestEnv, options: Parameters<typeof recorder>[0] = {}): Promise<Station> {
  const consumer = recorder({ retry: { maxAttempts: 1 }, ...options });
  const station = await openStation({ catalog: labCatalog, consumers: [consumer], env });
  onTestFinished(() => station.cleanup());
  await station.sql(
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)",
  );
  return station;
}

async function openTraced(
  env: Readonly<Record<string, string>> = {},
  options: Parameters<typeof recorder>[0] = {},
): Promise<{ collector: Collector; station: Station }> {
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  const station = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env }, options);
  return { collector, station };
}

function send(station: Station, headers: Readonly<Record<string, string>> = {}, body: unknown = report) {
  return fetch(`${station.url}/api/events`, {
    method: "POST",
    headers: {
      authorization: "Bearer test-key-0123456789abcdef",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

const metaOf = async (station: Station) =>
  (await station.sql<{ meta: Record<string, unknown> }>("SELECT meta FROM events ORDER BY position")).map(
    ({ meta }) => meta,
  );

describe("a trace", () => {
  test("goes from the request over the relay to the handler, which is linked to its producer", async () => {
    const { collector, station } = await openTraced({
      OTEL_SERVICE_NAME: "school",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20secret, x-other=2",
    });
    expect(
      (await send(station, { traceparent: `00-${traceId}-${caller}-01`, tracestate: "a=1" })).status,
    ).toBe(202);
    await station.settle();
    await station.system.wake(null);
    const request = await collector.wait("the request", ({ kind }) => kind === 2);
    expect(request).toMatchObject({
      traceId,
      parentSpanId: caller,
      name: "POST /api/events",
      failure: null,
      attributes: { "http.route": "/api/events", "http.response.status_code": 202 },
    });
    expect(await metaOf(station)).toMatchObject([
      { traceparent: `00-${traceId}-${request.spanId}-01`, tracestate: "a=1" },
    ]);
    const relay = await collector.wait("the relay", ({ kind }) => kind === 4);
    expect(relay).toMatchObject({
      links: [request.spanId],
      attributes: { "messaging.batch.message_count": 1 },
    });
    const handler = await collector.wait("the handler", ({ name }) => name === `handle ${partChecked.type}`);
    const drain = await collector.wait("the drain", ({ name }) => name === "drain recorder");
    expect(handler).toMatchObject({
      kind: 5,
      traceId: drain.traceId,
      parentSpanId: drain.spanId,
      links: [request.spanId],
      attributes: { "messaging.consumer.group.name": "edge_recorder", "brain.attempt": 1 },
    });
    // Drains of one isolate are traces of their own, and not parts of the one that happened to come first.
    expect([drain.parentSpanId, drain.traceId === traceId]).toEqual([null, false]);
    expect(collector.requests[0]).toMatchObject({
      headers: { "x-key": "a secret", "x-other": "2", "content-type": "application/json" },
      resource: { "service.name": "school" },
    });
    expect(collector.faults).toEqual([]);
  });

  test("says which handler failed, and its log lines have its ids", async () => {
    const { collector, station } = await openTraced(
      {},
      {
        beforeReport: () => {
          throw new Error("planted for a@b.example");
        },
      },
    );
    await send(station);
    await station.settle();
    await station.system.wake(null);
    const handler = await collector.wait("the handler", ({ name }) => name.startsWith("handle "));
    expect(handler).toMatchObject({ attributes: { "error.type": "Error" } });
    expect(handler.failure).toContain("planted for");
    expect(handler.failure).not.toContain("a@b.example");
    const [meta] = await metaOf(station);
    const [, producerTrace] = String(meta?.traceparent).split("-");
    expect(station.logs.filter((line) => line.includes(String(producerTrace))).length).toBeGreaterThan(0);
  });

  test("that its caller does not keep is passed on and not sent; without a caller the ratio decides", async () => {
    const { collector, station } = await openTraced({ OTEL_TRACES_SAMPLER_ARG: "0" });
    await send(station, { traceparent: `00-${traceId}-${caller}-00` });
    await send(station);
    await send(station, { traceparent: `00-${"a".repeat(32)}-${caller}-01` });
    await station.settle();
    await station.system.wake(null);
    await collector.wait("the handler", ({ name }) => name.startsWith("handle "));
    const sampled = (await metaOf(station)).map(({ traceparent }) => String(traceparent).slice(-2));
    expect(sampled).toEqual(["00", "00", "01"]);
    const handlers = collector.spans.filter(({ name }) => name.startsWith("handle "));
    expect(handlers).toHaveLength(1);
    expect(collector.spans.filter(({ kind }) => kind === 2).map((span) => span.traceId)).toEqual([
      "a".repeat(32),
    ]);
  });

  test("of what a job did that a request started is sent when the job is done", async () => {
    const collector = await startCollector();
    onTestFinished(() => collector.close());
    const backbone = await openBackbone({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
    const job = defineJob({
      name: "reports",
      run: async ({ transact }) => {
        await transact({ source: "probe" }, (_tx, publish) =>
          publish(partChecked, { part: "db", status: "1" }),
        );
        return null;
      },
    });
    const engine = createEngine({
      catalog: labCatalog,
      settings: backbone.system.settings,
      consumers: [recorder()],
      jobs: [job],
      sink: (_level, line) => backbone.logs.push(line),
    });
    await engine.runJobs(["reports"]);
    const names = collector.spans.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([`handle ${partChecked.type}`]));
    expect(collector.faults).toEqual([]);
  });

  test("of an event that brings its own is that of the event", async () => {
    const { station } = await openTraced();
    const own = `00-${"b".repeat(32)}-${"c".repeat(16)}-01`;
    await send(station, { traceparent: `00-${traceId}-${caller}-01` }, { ...report, traceparent: own });
    expect(await metaOf(station)).toMatchObject([{ traceparent: own }]);
  });
});

describe("without a collector", () => {
  test("traces of others are passed on", async () => {
    const station = await open({});
    await send(station, { traceparent: `00-${traceId}-${caller}-01`, tracestate: "a=1" });
    await send(station, { traceparent: "not one" });
    const [first, second] = await metaOf(station);
    expect(first).toMatchObject({ traceparent: `00-${traceId}-${caller}-01`, tracestate: "a=1" });
    expect(Object.keys(second ?? {})).not.toContain("traceparent");
  });
});

describe("a collector that is no help", () => {
  const applied = async (station: Station) =>
    (await station.sql<{ count: number }>("SELECT count(*)::int AS count FROM effects"))[0]?.count;

  test.each(["hang", 503, 400] as const)(
    "and answers %s: everything is done as ever, and the log says so",
    async (how) => {
      const { collector, station } = await openTraced();
      collector.answer(how);
      await publishReports(station, 3);
      expect((await send(station)).status).toBe(202);
      await station.settle();
      await station.background();
      expect(await applied(station)).toBe(4);
      await waitFor(
        "the log",
        () => station.logs.filter((line) => line.includes("Spans could not be sent")),
        (lines) => lines.length > 0,
      );
    },
  );

  test("for a while: spans are bounded, it is left alone meanwhile, and is told of the drops when it is back", async () => {
    const collector = await startCollector();
    onTestFinished(() => collector.close());
    collector.answer(503);
    const lines: string[] = [];
    let nowMs = Date.now();
    const now = () => nowMs;
    const log = createLogger((_level, line) => lines.push(line), "info", now);
    const settings = { endpoint: collector.url, headers: {}, serviceName: "school", ratio: 1 };
    const tracer = openTracer(settings, log, now);
    for (let n = 0; n < 3_000; n += 1) tracer?.begin(`span ${n}`, { kind: "internal" }).end();
    await tracer?.flush();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: "warn", waiting: 2_048, dropped: 952, pause_ms: 1_000 },
    ]);
    collector.answer(200);
    await tracer?.flush();
    expect(collector.spans).toEqual([]);
    nowMs += 1_000;
    await tracer?.flush();
    expect(collector.spans).toHaveLength(2_048);
    expect(collector.requests.map(({ resource }) => resource["brain.dropped_spans"])).toEqual([
      952,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
