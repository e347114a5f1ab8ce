import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../workers/local/workerd/bundle.ts";
import { testApiKey } from "../backbone.ts";
import { openStation, type Station } from "../cli/server.ts";
import { labCatalog, partChecked } from "../engine/events.ts";
import { publishReports, recorder } from "../engine/fixture.ts";
import { waitFor } from "../wait-for.ts";
import { type Prometheus, promtool, startPrometheus } from "./prometheus.ts";

const openMetrics = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

let station: Station;
let prometheus: Prometheus;

beforeAll(async () => {
  const consumer = recorder({
    retry: { maxAttempts: 1 },
    beforeReport: ({ payload }) => {
      if (payload.status === "2") throw new Error("planted");
    },
  });
  station = await openStation({ catalog: labCatalog, consumers: [consumer] });
  await station.sql(
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)",
  );
  await publishReports(station, 3);
  await station.settle();
  await station.system.cron();
  prometheus = await startPrometheus(`${station.url}/metrics`, testApiKey);
});
afterAll(async () => {
  await prometheus?.stop();
  await station?.cleanup();
});

const scrape = (accept: string, token = testApiKey) =>
  fetch(`${station.url}/metrics`, { headers: { accept, authorization: `Bearer ${token}` } });

describe("a scrape", () => {
  test("is answered in the format that the scraper names", async () => {
    const open = await scrape(openMetrics);
    expect(open.headers.get("content-type")).toBe(
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    const text = await open.text();
    expect(text.endsWith("# EOF\n")).toBe(true);
    expect(text).toContain("# UNIT brain_critical_time_seconds seconds\n");
    const plain = await scrape("text/plain");
    expect(plain.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await plain.text()).not.toContain("# EOF");
  });

  test("passes promtool's checks of names, units and help", async () => {
    const plain = await (await scrape("text/plain")).text();
    expect(await promtool(["check", "metrics"], plain)).toEqual({ code: 0, output: "" });
    // The same tool finds a fault where there is one.
    const faulty = plain.replaceAll("brain_deliveries_total", "brain_deliveries_milliseconds");
    expect((await promtool(["check", "metrics"], faulty)).code).not.toBe(0);
  });

  test("tells what the documents tell of, and nothing else", async () => {
    const page = await readFile(`${root}src/engine/operations/METRICS.md`, "utf8");
    const documented = [...page.matchAll(/`(brain_\w+?)(?:_total)?`/g)].map(([, name]) => name);
    const told = [...(await (await scrape(openMetrics)).text()).matchAll(/^# TYPE (\S+)/gm)];
    expect(told.map(([, name]) => name).toSorted()).toEqual([...new Set(documented)].toSorted());
  });

  test("without a key is refused", async () => {
    const answer = await scrape(openMetrics, "wrong");
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: "unauthorized" } }]);
  });
});

describe("a real Prometheus", () => {
  const numberOf = async (expression: string) => {
    const [series] = await waitFor(
      expression,
      () => prometheus.query(expression),
      (found) => found.length > 0,
    );
    return Number(series?.value[1]);
  };

  test("reads everything", async () => {
    const target = await waitFor(
      "the target was scraped",
      () => prometheus.target(),
      (found) => found !== null && found.health !== "unknown",
    );
    expect(target).toMatchObject({ health: "up", lastError: "" });
    const deliveries = (outcome: string) =>
      numberOf(
        `brain_deliveries_total{subscriber="recorder",type="${partChecked.type}",outcome="${outcome}"}`,
      );
    expect(await deliveries("applied")).toBe(2);
    expect(await deliveries("dead_lettered")).toBe(1);
    expect(await numberOf(`brain_events_published_total{type="${partChecked.type}"}`)).toBe(3);
    expect(await numberOf('brain_critical_time_seconds_count{subscriber="recorder"}')).toBe(2);
    expect(await numberOf('brain_oldest_unread_age_seconds{subscriber="recorder"}')).toBe(0);
    expect(await numberOf("brain_cron_last_tick_age_seconds")).toBeGreaterThanOrEqual(0);
    const known = await prometheus.metadata();
    expect(known.brain_critical_time_seconds).toEqual([
      { type: "histogram", unit: "seconds", help: expect.stringMatching(/^Time from/) },
    ]);
    expect(known.brain_deliveries?.[0]?.type ?? known.brain_deliveries_total?.[0]?.type).toBe("counter");
  });

  test("sees counters grow", async () => {
    await publishReports(station, 2);
    await station.settle();
    await waitFor(
      "the counter has grown",
      () => prometheus.query('sum(brain_deliveries_total{outcome="applied"})'),
      ([series]) => series?.value[1] === "4",
    );
  });
});
