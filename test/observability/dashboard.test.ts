import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { root } from "../../workers/local/workerd/bundle.ts";
import { testApiKey } from "../backbone.ts";
import { openStation, type Station } from "../cli/server.ts";
import { labCatalog } from "../engine/events.ts";
import { publishReports, recorder } from "../engine/fixture.ts";
import { waitFor } from "../wait-for.ts";
import { type Prometheus, promtool, startPrometheus } from "./prometheus.ts";

const folder = `${root}workers/observability/`;
const rules = `${folder}alerts.rules.yml`;

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

async function readQueries(): Promise<{ title: string; expression: string }[]> {
  const { panels } = JSON.parse(await readFile(`${folder}dashboard.json`, "utf8")) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expression: expr })),
  );
}

/** As Grafana asks with all subscribers, for the last minute. */
const asAsked = (expression: string) =>
  expression
    .replaceAll("$subscriber", ".*")
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$__range", "1m");

describe("the dashboard", () => {
  let station: Station;
  let prometheus: Prometheus;
  beforeAll(async () => {
    const consumer = recorder({
      retry: { maxAttempts: 2 },
      beforeReport: ({ payload }) => {
        if (payload.status === "2") throw new Error("planted");
      },
    });
    station = await openStation({ catalog: labCatalog, consumers: [consumer] });
    await station.sql(
      "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)",
    );
    await work();
    await station.system.cron();
    await station.system.janitor();
    prometheus = await startPrometheus(`${station.url}/metrics`, testApiKey, rules);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await station?.cleanup();
  });
  const work = async () => {
    await publishReports(station, 3);
    await station.settle();
  };

  test("asks for nothing that a real Prometheus does not have", async () => {
    const scrapes = async () => Number((await prometheus.query("count_over_time(up[5m])"))[0]?.value[1]);
    await waitFor("the first scrape", scrapes, (count) => count >= 1);
    await work();
    const before = await scrapes();
    await waitFor("two more scrapes", scrapes, (count) => count >= before + 2);
    const queries = await readQueries();
    expect(queries.length).toBeGreaterThan(20);
    const empty: string[] = [];
    for (const { title, expression } of queries) {
      const found = await prometheus.query(asAsked(expression));
      if (found.length === 0 || found.every(({ value }) => value[1] === "NaN"))
        empty.push(`${title}: ${expression}`);
    }
    expect(empty).toEqual([]);
    // A query for what is not there would be seen.
    expect(await prometheus.query("brain_nothing_of_the_kind")).toEqual([]);
  });

  test("has the rules beside it, and Prometheus evaluates each", async () => {
    const states = await waitFor(
      "every rule was evaluated",
      () => prometheus.rules(),
      (seen) => seen.length > 0 && seen.every(({ health }) => health !== "unknown"),
    );
    expect(states.filter(({ health }) => health !== "ok")).toEqual([]);
  });
});

describe("the alert rules", () => {
  test("are valid, and tell of what they should and of nothing else", async () => {
    expect(await promtool(["check", "rules", rules])).toMatchObject({ code: 0 });
    const run = await promtool(["test", "rules", `${folder}alerts.test.yml`]);
    expect(run, run.output).toMatchObject({ code: 0 });
  });

  test("are tested by tests that see a rule that is wrong", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "brain-rules-"));
    onTestFinished(() => rm(elsewhere, { recursive: true, force: true }));
    const wrong = (await readFile(rules, "utf8")).replace("unless on (subscriber)", "and on (subscriber)");
    await writeFile(join(elsewhere, "alerts.rules.yml"), wrong);
    await writeFile(join(elsewhere, "alerts.test.yml"), await readFile(`${folder}alerts.test.yml`));
    expect((await promtool(["test", "rules", join(elsewhere, "alerts.test.yml")])).code).not.toBe(0);
  });

  test("are those of the documents", async () => {
    const named = (text: string, shape: RegExp) =>
      [...text.matchAll(shape)].map(([, name]) => name).toSorted();
    const readme = await readFile(`${folder}README.md`, "utf8");
    const table = readme.slice(readme.indexOf("| alert |"));
    expect(new Set(named(table, /`(Brain\w+)`/g))).toEqual(
      new Set(named(await readFile(rules, "utf8"), /alert: (\w+)/g)),
    );
  });
});
