import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { defineConsumer, on } from "@brain/engine";
import { systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { root } from "../../tools/root.ts";
import { announceServer } from "../../workers/local/data-dir.ts";
import { testApiKey } from "../backbone.ts";
import { listen } from "../listening.ts";
import { charter, openStation, type Station } from "./server.ts";

const picky = defineConsumer({ subscriber: "picky", handlers: [on(systemHealth, async () => undefined)] });

let station: Station;
/** Where nothing listens. */
let nowhere: string;
beforeAll(async () => {
  station = await openStation({ consumers: [picky] });
  const server = createServer();
  const port = await listen(server);
  nowhere = `http://127.0.0.1:${port}`;
  await new Promise((resolve) => server.close(resolve));
});
afterAll(() => station?.cleanup());
beforeEach(() => {
  station.requests.length = 0;
});

const actions = () => station.sql("SELECT action, actor_id FROM operator_actions ORDER BY id");

describe("where the server is and with which key", () => {
  test("comes from the environment, and options go first", async () => {
    expect((await charter(station.url, ["consumers"])).code).toBe(0);
    const brainKey = { BRAIN_API_KEY: testApiKey };
    expect((await charter(station.url, ["consumers"], { env: brainKey })).code).toBe(0);
    const args = ["--url", station.url, "consumers", "ls", "--key", testApiKey];
    const env = { CHARTER_KEY: "wrong-key-0123456789", BRAIN_DATA_DIR: "/nowhere" };
    expect((await charter(nowhere, args, { env })).code).toBe(0);
  });

  test("is what npm start keeps with its data, while it runs, and its key goes to no other address", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "brain-cli-"));
    const env = { BRAIN_DATA_DIR: dataDir };
    // Without a CHARTER_URL the default port may answer, but whatever does, it gets no key.
    const asked = (address: string, more: Record<string, string> = {}) =>
      charter(address, ["consumers"], { env: { ...env, ...more } });
    try {
      const forget = await announceServer(dataDir, station.url, testApiKey);
      expect((await stat(join(dataDir, "server.json"))).mode & 0o077).toBe(0);
      expect((await asked("")).code).toBe(0);
      expect((await asked(`${station.url}/`)).code).toBe(0);
      // A key that is given goes to the same address.
      expect(await asked("", { CHARTER_KEY: "wrong-key-0123456789" })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`${station.url} refused the key`),
      });
      expect((await asked("", { CHARTER_KEY: testApiKey })).code).toBe(0);

      // One whose bootstrap key is switched off is found, and is sent none.
      await announceServer(dataDir, station.url, null);
      expect((await asked("", { CHARTER_KEY: testApiKey })).code).toBe(0);
      expect((await asked("")).stderr).toContain("No key was given");

      // Another server than the one that the key belongs to.
      await announceServer(dataDir, nowhere, testApiKey);
      expect(await asked(station.url)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("No key was given"),
      });

      // One whose start was killed: its address may be anybody's by now.
      const { pid } = spawnSync(process.execPath, ["-e", ""]);
      await writeFile(
        join(dataDir, "server.json"),
        JSON.stringify({ url: station.url, key: testApiKey, pid }),
      );
      expect(await asked(station.url)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("No key was given"),
      });
      await forget();
      // The key alone, as starts of earlier versions left it, is sent nowhere.
      await writeFile(join(dataDir, "api-key"), testApiKey);
      expect(await asked(station.url)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("No key was given"),
      });
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test("when nothing answers, the address and how to start are told", async () => {
    const { code, stdout, stderr } = await charter(nowhere, ["consumers"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`Nothing answers at ${nowhere} (ECONNREFUSED)`);
    expect(stderr).toContain("npm start");
    expect(stderr).toContain("CHARTER_URL");
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ["a wrong key", { CHARTER_KEY: "wrong-key-0123456789" }, "refused the key"],
    ["no key", { BRAIN_DATA_DIR: "/nowhere" }, "No key was given"],
  ])("with %s the variable is told", async (_what, env, told) => {
    const { code, stderr } = await charter(station.url, ["consumers"], { env });
    expect(code).toBe(1);
    expect(stderr).toContain(told);
    expect(stderr).toContain("CHARTER_KEY (or BRAIN_API_KEY)");
    expect(stderr).toContain("in a project of your own it is BRAIN_API_KEY of .dev.vars");
    // Who asks another server than the one that is meant is refused so, too.
    expect(stderr).toContain("If another server is meant, say which with --url or CHARTER_URL.");
    expect(stderr).not.toContain("wrong-key");
  });

  test.each([
    [404, "404 Not Found", "has no route"],
    // An app asks for a key of its own where operators have no route.
    [401, "Unauthorized", "refused the key for"],
  ])(
    "an app without the routes of operators (%d) is told as one, by the route",
    async (status, text, what) => {
      const server = createServer((_request, response) => response.writeHead(status).end(text));
      const port = await listen(server);
      try {
        const url = `http://127.0.0.1:${port}`;
        expect(await charter(url, ["dlq", "ls"])).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(new RegExp(`${what} /api/dead-letters[.,] .*@brain/operator`)),
        });
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    },
  );

  test("does not depend on the folder that the launcher is called in", async () => {
    const launcher = `${root}tools/charter.mjs`;
    const env = { ...process.env, CHARTER_URL: station.url, CHARTER_KEY: testApiKey };
    const run = promisify(execFile);
    const { stdout, stderr } = await run(process.execPath, [launcher, "consumers", "--json"], {
      cwd: "/",
      env,
    });
    expect(JSON.parse(stdout).consumers).toMatchObject([{ subscriber: "picky" }]);
    expect(stderr).toBe("");
    const failed = run(process.execPath, [launcher, "consumers", "show", "nobody"], { cwd: "/", env });
    await expect(failed).rejects.toMatchObject({ code: 1, stdout: "" });
  });

  test("an address that is none is a usage error", async () => {
    const { code, stderr } = await charter("ftp://somewhere", ["consumers"]);
    expect(code).toBe(2);
    expect(stderr).toContain('"ftp://somewhere"');
  });
});

describe("a command given wrong", () => {
  test.each([
    [["nothing-like-this"]],
    [["consumers", "pause"]],
    [["consumers", "pause", "picky"]],
    [["consumers", "pause", "picky", "--reason", "x y z", "--for", "soon"]],
    [["consumers", "pause", "picky", "--reason", "x y z", "--for", "1h", "--until", "2100-01-01"]],
    [["consumers", "blocked", "picky", "--limit", "0"]],
    [["consumers", "skip", "picky", "a", "--reason", "gone for good"]],
    [["dlq", "redrive"]],
    [["dlq", "discard", "1"]],
    [["dlq", "discard", "1", "--reason", "not needed"]],
    [["dlq", "redrive", "1", "--payload", "{nonsense"]],
    [["dlq", "redrive", "1", "2", "--payload", "{}"]],
    [["replay", "start", "picky"]],
    [["replay", "start", "picky", "--name", "x", "--mode", "sometimes"]],
    [["replay", "start", "picky", "--name", "x", "--mode", "force", "--reason", "once more"]],
    [["replay", "cancel", "1"]],
    [["tail", "--lines", "many"]],
  ])("%j ends with code 2, says what is wrong and changes nothing", async (args) => {
    const { code, stdout, stderr } = await charter(station.url, args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.length).toBeGreaterThan(20);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await actions()).toEqual([]);
  });

  test("help is no error, and needs no server", async () => {
    const { code, stdout } = await charter(nowhere, ["dlq", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("redrive");
  });
});

describe("what the API refuses", () => {
  test("is told with its text, its fields and the request's id; the code is 1", async () => {
    const args = ["consumers", "pause", "picky", "--reason", "ab", "--type", "no.such.type"];
    const { code, stdout, stderr } = await charter(station.url, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("reason: ");
    expect(stderr).toMatch(/\(validation_failed, request [0-9a-f-]{36}\)/);
    const unknown = await charter(station.url, ["consumers", "show", "nobody", "--json"]);
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toContain('There is no consumer "nobody"');
  });
});

describe("a lost reply", () => {
  test("is asked for again under the same key, and nothing is done twice", async () => {
    station.loseReplies("/api/consumers/picky/pause", 1);
    const args = ["consumers", "pause", "picky", "--reason", "the mailer is down", "--actor", "ops-1"];
    const { code, stdout } = await charter(station.url, args);
    expect(code).toBe(0);
    expect(stdout).toContain("picky is paused");
    const sent = station.requests.filter(({ line }) => line.startsWith("POST"));
    expect(sent).toHaveLength(2);
    expect(sent[0]?.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
    expect(sent[1]?.idempotencyKey).toBe(sent[0]?.idempotencyKey);
    expect(await actions()).toEqual([{ action: "consumer.paused", actor_id: "ops-1" }]);
  });

  test("twice is told as what it is: nobody knows whether it was done", async () => {
    station.loseReplies("/api/consumers/picky/resume", 2);
    const { code, stderr } = await charter(station.url, ["consumers", "resume", "picky"]);
    expect(code).toBe(1);
    expect(stderr).toContain("unknown whether this was done");
    expect(stderr).toContain("charter actions");
  });

  test("of a question is asked again", async () => {
    station.loseReplies("/api/consumers", 1);
    expect((await charter(station.url, ["consumers"])).code).toBe(0);
    expect(station.requests).toHaveLength(2);
  });
});
