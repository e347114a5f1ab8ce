import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { createReload } from "../../workers/local/reload/reload.ts";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { waitFor } from "../wait-for.ts";
import { type Checkout, makeCheckout, makeClosedFolder } from "./checkout.ts";
import { type Child, startChild } from "./child.ts";
import { call, type Served } from "./course-flow.ts";

/** One start, and several bundles, on a machine that others use too. */
const startMs = 240_000;
const waitMs = 120_000;

let closed: string;
let checkout: Checkout;
let sandbox: Sandbox;
let child: Child;
let served: Served;
/** Of the API and of the consumer, `host:port`. */
let inspectors: readonly string[];

beforeAll(async () => {
  [sandbox, closed] = await Promise.all([createSandbox(), makeClosedFolder()]);
  checkout = await makeCheckout(closed);
  child = startChild("npm", ["run", "dev"], environment(), { cwd: checkout.folder });
  const [, url = "", key = ""] = await child.until(/^ready {2}(\S+) {2}key (\S+)$/m, waitMs);
  served = { url, key };
  const line =
    /^ {2}inspector ws:\/\/(127\.0\.0\.1:\d+)\/brain-api and ws:\/\/(127\.0\.0\.1:\d+)\/brain-consumer /m;
  inspectors = (await child.until(line, 1_000)).slice(1);
}, startMs);
afterAll(async () => {
  child?.signal("SIGINT");
  await child?.ended(waitMs);
  await sandbox?.cleanup();
  await rm(closed, { recursive: true, force: true });
}, startMs);

function environment(): Record<string, string> {
  return {
    REDIS_URL: sandbox.redisUrl,
    DATABASE_URL: sandbox.databaseUrl,
    BRAIN_REDIS_PREFIX: sandbox.prefix,
    PORT: "0",
    // So often that each reload cuts one off.
    BRAIN_TICK_MS: "200",
  };
}

/** Changes a file of the checkout and waits for a line that was not printed before. */
async function change(file: string, edit: (text: string) => string, expected: RegExp): Promise<string> {
  const path = join(checkout.folder, file);
  const printed = child.output().length;
  const text = edit(await readFile(path, "utf8").catch(() => ""));
  // As editors, `sed -i` and git write: beside it, then renamed, so that it is another file each time.
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
  const output = await waitFor(
    `the answer to a change of ${file}`,
    () => child.output().slice(printed),
    (text) => expected.test(text),
    { timeoutMs: waitMs },
  );
  return output;
}

/** Whether a debugger of the API worker is answered. */
function debuggerIs(headers: Readonly<Record<string, string>>): Promise<"answered" | "sent away"> {
  const socket = new WebSocket(`ws://${inspectors[0]}/brain-api`, { headers });
  return new Promise((resolve, reject) => {
    socket.on("open", () => socket.send(JSON.stringify({ id: 1, method: "Runtime.enable" })));
    socket.on("message", (data) => {
      if (JSON.parse(String(data)).id !== 1) return;
      resolve("answered");
      socket.close();
    });
    socket.on("close", () => resolve("sent away"));
    socket.on("error", reject);
  });
}

/** What the running code says of a consumer that does not exist. */
async function said(): Promise<string> {
  return (await call(served, "GET", "/api/consumers/nobody")).body.error.message;
}

const routes = "src/http/routes/consumer.ts";
/** Others are loaded with the first request to their path, which fails then. */
const loadedAtStart = "src/http/routes/event.ts";

test("a change of the source is there at once, at the same address, and says so", async () => {
  expect(await said()).toMatch(/^There is no consumer "nobody"/);
  const output = await change(
    routes,
    (text) => text.replace("There is no consumer", "Nobody is called"),
    /✓ reloaded in [\d.]+ s/,
  );
  expect(output).toMatch(/^… src\/http\/routes\/consumer\.ts changed$/m);
  expect(await said()).toMatch(/^Nobody is called "nobody"/);
});

test("code that does not build is shown with its place, and what ran before goes on", async () => {
  const output = await change(
    routes,
    (text) => `${text}\nconst = ;`,
    /✗ it does not build; what ran before goes on/,
  );
  expect(output).toMatch(/src\/http\/routes\/consumer\.ts:\d+:\d+: ERROR: /);
  expect(await said()).toMatch(/^Nobody is called "nobody"/);
});

test("code that throws when it loads is shown, and what ran before goes on", async () => {
  const throwing = "\nif (URL.canParse('a:b')) throw new Error('thrown while loading');";
  await change(routes, (text) => text.replace("\nconst = ;", ""), /✓ mended/);
  const output = await change(
    loadedAtStart,
    (text) => `${text}${throwing}`,
    /✗ it does not start; what ran before goes on/,
  );
  expect(output).toContain("thrown while loading");
  await waitFor("what ran before", said, (message) => message.startsWith("Nobody is called"), {
    timeoutMs: waitMs,
  });
  await change(loadedAtStart, (text) => text.replace(throwing, ""), /✓ (?:mended|reloaded)/);
  await change(routes, (text) => text.replace("Nobody is called", "Who is"), /✓ reloaded in/);
  expect(await said()).toMatch(/^Who is "nobody"/);
});

test("a tick that a reload cuts off is done by the new code, and nobody is told of a failure", () => {
  expect(child.output().match(/✓ reloaded in/g)?.length).toBeGreaterThan(1);
  expect(child.output()).not.toMatch(/(?:tick|janitor) failed/);
});

test("an event that cannot be made is told with its place in the source, and the workers are not stopped for it", async () => {
  const file = "schemas/events/system.ts";
  const bad = '\ndefineEvent("Agent.Has-gone", { version: 1, module: "agents" } as never);\n';
  const asking = new AbortController();
  const failed: unknown[] = [];
  const ask = async () => {
    while (!asking.signal.aborted) await said().catch((error: unknown) => failed.push(error));
  };
  const asked = ask();
  const output = await change(
    file,
    (text) => text + bad,
    /✗ it cannot be put together; what ran before goes on/,
  );
  asking.abort();
  await asked;
  expect(output).toContain("Agent.Has-gone");
  expect(output).toMatch(/^ {2}at schemas\/events\/system\.ts:\d+:\d+$/m);
  expect(failed).toEqual([]);
  await change(file, (text) => text.replace(bad, ""), /✓ (?:mended|reloaded)/);
});

test("a new migration is applied", async () => {
  const journal = "migrations/meta/_journal.json";
  const tag = "9999_added_while_it_ran";
  await writeFile(
    join(checkout.folder, `migrations/${tag}.sql`),
    "CREATE TABLE added_while_it_ran (id integer PRIMARY KEY);\n",
  );
  await change(
    journal,
    (text) => {
      const content = JSON.parse(text);
      content.entries.push({ idx: 9_999, version: "7", when: Date.now() + 1e9, tag, breakpoints: true });
      return JSON.stringify(content);
    },
    /✓ migrations applied\n[^…]*(nothing that the workers run|✓ reloaded)/,
  );
  // The file alone is no migration yet, so there may be two rounds.
  const client = new pg.Client({ connectionString: sandbox.databaseUrl });
  await client.connect();
  await waitFor(
    "the new table",
    async () => (await client.query("SELECT to_regclass('added_while_it_ran')::text AS name")).rows,
    ([row]) => row.name !== null,
    { timeoutMs: waitMs },
  );
  await client.end();
});

test("a debugger finds both workers where the start says, and a page of somebody else does not get in", async () => {
  const listed = inspectors.map(async (inspector) => (await fetch(`http://${inspector}/json/list`)).json());
  expect(await Promise.all(listed)).toMatchObject([
    [{ webSocketDebuggerUrl: `ws://${inspectors[0]}/brain-api` }],
    [{ webSocketDebuggerUrl: `ws://${inspectors[1]}/brain-consumer` }],
  ]);
  expect(await debuggerIs({})).toBe("answered");
  expect(await debuggerIs({ origin: "https://evil.example" })).toBe("sent away");
});

test("code that is the same is not loaded again, and a failed migration loads nothing", async () => {
  const loaded: string[] = [];
  const lines: string[] = [];
  const bundles = { api: "a", consumer: "c" };
  let built = bundles;
  const reload = createReload({
    bundles,
    reload: async ({ api }) => void loaded.push(api),
    migrate: () => Promise.reject(new Error("syntax error at or near")),
    build: async () => built,
    check: async () => undefined,
    say: (line) => lines.push(line),
    complain: (line) => lines.push(line),
  });
  await reload(["src/a.test.ts"]);
  expect(loaded).toEqual([]);
  built = { api: "b", consumer: "c" };
  await reload(["migrations/0001.sql", "src/a.ts"]);
  expect(loaded).toEqual([]);
  expect(lines.at(-1)).toBe(
    "✗ the migrations cannot be applied; what ran before goes on.\nsyntax error at or near",
  );
  await reload(["src/a.ts"]);
  expect(loaded).toEqual(["b"]);
});

test("whoever takes a fault back is told that it is gone, though nothing is loaded", async () => {
  const lines: string[] = [];
  const bundles = { api: "a", consumer: "c" };
  let isBroken = true;
  const reload = createReload({
    bundles,
    reload: () => Promise.reject(new Error("loaded")),
    migrate: async () => undefined,
    build: async () => {
      if (isBroken) throw new Error('Unexpected "functio"');
      return bundles;
    },
    check: async () => undefined,
    say: (line) => lines.push(line),
    complain: (line) => lines.push(line),
  });
  await reload(["src/a.ts"]);
  expect(lines.at(-1)).toContain("it does not build");
  isBroken = false;
  await reload(["src/a.ts"]);
  expect(lines.at(-1)).toBe("✓ mended; it is what runs already");
  await reload(["src/a.test.ts"]);
  expect(lines.at(-1)).toBe("  nothing that the workers run");
});
