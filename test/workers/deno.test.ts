import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../tools/root.ts";
import { findFreePort } from "../../workers/local/ports.ts";
import { sandboxEnv, testApiKey } from "../backbone.ts";
import { type Collector, startCollector } from "../observability/collector.ts";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { waitFor } from "../wait-for.ts";
import { type Child, startChild } from "./child.ts";
import { expectConsolePages } from "./console-pages.ts";
import { call, expectPromptCourse, type Served, sendTooMuch } from "./course-flow.ts";
import { expectTokens, openTrustedIssuer } from "./tokens.ts";
import { expectTraces } from "./traced.ts";
import { expectTry } from "./try-out.ts";

const command = `${root}node_modules/.bin/deno`;
const args = ["run", "--node-modules-dir=manual", "--unstable-cron", "--allow-env", "--allow-net"];
const program = `${root}workers/deno.ts`;

describe("workers/deno.ts in Deno", () => {
  let sandbox: Sandbox;
  let child: Child;
  let served: Served;
  let folder: string;
  let trusted: Awaited<ReturnType<typeof openTrustedIssuer>>;
  let collector: Collector;
  beforeAll(async () => {
    sandbox = await createSandbox();
    collector = await startCollector();
    const port = await findFreePort();
    folder = await mkdtemp(join(tmpdir(), "brain-deno-"));
    trusted = await openTrustedIssuer();
    const env = {
      PORT: String(port),
      BRAIN_LEASE_MS: "1000",
      BRAIN_SHARD: "2",
      BRAIN_TASK_FILES_DIR: folder,
      BRAIN_JWT_ISSUERS: trusted.setting,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    };
    const rights = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    child = startChild(command, [...args, ...rights, program], sandboxEnv(sandbox, env));
    served = { url: `http://127.0.0.1:${port}`, key: testApiKey };
    // Deno says nothing of our own when it is ready, so we ask; when it ended, its output tells why.
    await waitFor(
      "Deno serves",
      async () => ({
        status: await call(served, "GET", "/api/health").then(({ status }) => status, String),
        output: child.output(),
      }),
      ({ status }) => status === 200,
      { timeoutMs: 60_000, everyMs: 100 },
    );
  });
  afterAll(async () => {
    await child?.kill();
    await trusted?.issuer.close();
    await collector?.close();
    await sandbox?.cleanup();
    await rm(folder, { recursive: true, force: true });
  });

  test("says in a line that its port is taken, and what to do", async () => {
    const { port } = new URL(served.url);
    const second = startChild(
      command,
      [...args, program],
      sandboxEnv(sandbox, { PORT: port, NO_COLOR: "1" }),
    );
    expect(await second.ended(60_000)).toBe(1);
    expect(second.output()).toContain(
      `Port ${port} of 127.0.0.1 is taken by another program. End that, or set PORT to another one.\n`,
    );
    expect(second.output()).not.toMatch(/AddrInUse|^ +at /m);
    const third = startChild(
      command,
      [...args, program],
      sandboxEnv(sandbox, { PORT: "70000", NO_COLOR: "1" }),
    );
    expect(await third.ended(60_000)).toBe(1);
    expect(third.output()).toContain('PORT is "70000", expected a whole number from 0 to 65535.\n');
    expect(third.output()).not.toMatch(/^ +at /m);
  });

  test("knows who calls by a token of an issuer, and refuses what it did not sign", () =>
    expectTokens(served, trusted.issuer));

  test("serves the console", () => expectConsolePages(served));

  test("tries an event out", () => expectTry(served));

  test("names the setting that nobody reads, and no other", () => {
    const told = [...child.output().matchAll(/"message":"(\w+) is set, and nobody here reads it\. (.*?)"/g)];
    expect(told.map(([, name, advice]) => [name, advice])).toEqual([
      ["BRAIN_SHARD", "Did you mean BRAIN_SHARDS?"],
    ]);
  });

  test("brings a course to its distribution and to staging at once", async () => {
    await expectPromptCourse(served);
    expect(child.output()).not.toMatch(/"level":"error"/);
  });

  test("writes the daily files of the tasks as they change", async () => {
    const task = await call(served, "POST", "/api/tasks", { title: "Order frames" });
    expect(task.status).toBe(201);
    const name = `events-${task.body.created_at.slice(0, 10)}.jsonl`;
    const text = await waitFor(
      "the daily file",
      () => readFile(join(folder, name), "utf8").catch(() => ""),
      (seen) => seen.endsWith("\n"),
    );
    expect(
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ event_type: "TaskCreated", task_id: task.body.task_id }]);
  });

  test("speaks HTTP as the other runtime does", async () => {
    expect((await call({ ...served, key: "wrong-key-0123456789" }, "GET", "/api/events/stats")).status).toBe(
      401,
    );
    expect((await call(served, "GET", "/api/nothing")).status).toBe(404);
    for (const length of ["told", "untold"] as const) {
      expect((await sendTooMuch(served, length)).body.error.code).toBe("payload_too_large");
    }
  });

  test("sends what it traces, and tells its metrics", async () => {
    await expectTraces(collector, served);
  });

  test("ends at SIGTERM", async () => {
    child.signal("SIGTERM");
    expect(await child.ended(90_000), child.output()).not.toBe("SIGKILL");
    await expect(call(served, "GET", "/api/health")).rejects.toThrow();
  });
});

describe("without its configuration", () => {
  test.each([
    [{ BRAIN_API_KEY: "short" }, ["NEON_DATABASE_URL", "BRAIN_API_KEY"]],
    [
      { BRAIN_API_KEY: testApiKey, NEON_DATABASE_URL: "postgres://brain:short@127.0.0.1:1/brain" },
      ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
    ],
  ])("it does not start, and names what is wrong, but no value: %j", async (env, names) => {
    const child = startChild(command, [...args, program], { ...env, PORT: "0" });
    try {
      expect(await child.ended(90_000), child.output()).toBe(1);
      for (const name of names) expect(child.output()).toContain(name);
      expect(child.output()).not.toMatch(/short|\n\s+at |workers\/deno\.ts/);
    } finally {
      await child.kill();
    }
  });
});
