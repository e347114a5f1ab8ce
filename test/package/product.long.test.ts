import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { withDatabase } from "../../workers/local/neon/database.ts";
import { findFreePort } from "../../workers/local/ports.ts";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { readCompatibility } from "../../workers/local/workerd/bundle.ts";
import type { Overlay } from "../readme/overlay.ts";
import { typeErrorsOf } from "../type-errors.ts";
import { waitFor } from "../wait-for.ts";
import { startChild } from "../workers/child.ts";
import { type Installed, installApp } from "./installed.ts";
import { expectShopToBeOperated } from "./operated.ts";
import { createPackable, npm, npmMs, packAll } from "./packed.ts";

/* What `npm create @brain/app` writes, installed from the tarballs: what somebody has who begins on the packages. */

const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url).href);

let overlay: Overlay;
let shop: Installed;

beforeAll(async () => {
  overlay = await createPackable();
  shop = await installApp(await packAll(overlay));
}, 2 * npmMs);

afterAll(async () => {
  await shop?.remove();
  await overlay?.remove();
});

test("nothing of it comes from the checkout but the tools of its developers", async () => {
  const ours = ["engine", "schemas", "operator", "charter"].map((name) => `@brain/${name}`);
  for (const name of [...ours, "hono", "zod", "drizzle-orm"]) {
    const path = join(shop.folder, "node_modules", name);
    expect(await realpath(path)).toBe(join(await realpath(shop.folder), "node_modules", name));
  }
});

describe("its types", () => {
  /** In its own files and in our packages. Others' declarations are not looked at: drizzle's name drivers that nobody here has. */
  const faultsOf = async (options: Record<string, unknown>) => {
    const config = { extends: "./tsconfig.json", compilerOptions: { skipLibCheck: false, ...options } };
    await writeFile(join(shop.folder, "tsconfig.strict.json"), JSON.stringify(config));
    return typeErrorsOf({
      folder: await realpath(shop.folder),
      config: "tsconfig.strict.json",
      also: ["node_modules/@brain/"],
    });
  };

  test(
    "are right by Node's rules, and every declaration of ours is",
    async () => {
      // Its own settings look at its own files alone, with the same rules: what they would find is among these.
      expect(await faultsOf({})).toBe("");
    },
    npmMs,
  );

  test(
    "are right by a bundler's rules, and stricter ones than ours",
    async () => {
      const stricter = {
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        isolatedModules: true,
      };
      expect(await faultsOf({ module: "ESNext", moduleResolution: "bundler", ...stricter })).toBe("");
    },
    npmMs,
  );

  test(
    "tell a payload that is wrong",
    async () => {
      const text = `import { runHandler } from "@brain/engine/testing";
      import { shopOrderPlaced } from "./src/events/shop.ts";
      import { catalog } from "./src/product.ts";
      import { shopConsumer } from "./src/modules/shop/consumer.ts";
      await runHandler(shopConsumer, shopOrderPlaced, { order_id: "1", quantity: "2" }, { catalog });`;
      await writeFile(join(shop.folder, "wrong.ts"), text);
      const config = { extends: "./tsconfig.json", files: ["wrong.ts"], include: [] };
      await writeFile(join(shop.folder, "tsconfig.wrong.json"), JSON.stringify(config));
      await expect(shop.run("tsc", ["-p", "tsconfig.wrong.json"])).rejects.toThrow(
        /wrong\.ts\(5,\d+\): error TS2322: Type 'string' is not assignable to type 'number'/,
      );
    },
    npmMs,
  );
});

test(
  "its own tests pass, by @brain/engine/testing",
  async () => {
    const { neonUrl, upstash } = inject("services");
    const output = await shop.run("vitest", ["run"], {
      NEON_DATABASE_URL: neonUrl,
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstash.token,
    });
    expect(output).toMatch(/Test Files {2}2 passed/);
    expect(output).toMatch(/Tests {2}6 passed/);
  },
  npmMs,
);

/** All that is there, as the first commit of a branch. */
async function commitAs(folder: string, branch: string): Promise<void> {
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  for (const args of [
    ["init", "-q", "-b", branch],
    ["add", "-A"],
    [...who, "commit", "-qm", "first"],
  ])
    await promisify(execFile)("git", ["-C", folder, ...args]);
}

test(
  "charter check finds nothing in it, and what charter new adds to it compiles and passes its tests",
  async () => {
    await shop.run("charter", ["check"]);
    await shop.run("charter", ["generate", "--check"]);
    const breaking = () => shop.run("charter", ["breaking", "--against", "last"]);
    expect(await breaking()).toContain("nothing to compare with yet");
    await commitAs(shop.folder, "main");
    const charter = (...args: readonly string[]) => shop.run("charter", ["new", ...args, "--yes"]);
    await charter("module", "store", "--event", "store.box.packed", "--lang", "en");
    await charter("event", "store.box.opened", "--module", "store");
    await charter("consumer", "box_notes", "--module", "store", "--on", "store.box.packed");
    await shop.run("tsc", []);
    await shop.run("charter", ["check"]);
    // Pages that are no longer what the code says are told, and made anew.
    await shop.run("charter", ["generate"]);
    await shop.run("charter", ["generate", "--check"]);
    const page = join(shop.folder, "src/modules/store/EVENTS.md");
    const text = await readFile(page, "utf8");
    await writeFile(page, text.replace("**Criticality:** INFO", "**Criticality:** WARNING"));
    expect(await shop.tried("charter", ["generate", "--check"])).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^differs {2}src\/modules\/store\/EVENTS\.md\n {2}line \d+\n/m),
    });
    expect(await shop.run("charter", ["generate"])).toContain("written  src/modules/store/EVENTS.md\n");
    expect(await readFile(page, "utf8")).toBe(text);
    // Events that are new break nobody.
    expect(await breaking()).toMatch(/main \([0-9a-f]{10}\)/);
    const { neonUrl, upstash } = inject("services");
    // Servers that are named are used; otherwise it starts its own.
    const output = await shop.run("charter", ["services", "--run", "vitest", "run"], {
      NEON_DATABASE_URL: neonUrl,
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstash.token,
    });
    expect(output).toMatch(/Test Files {2}4 passed/);
    expect(output).toMatch(/Tests {2}16 passed/);
  },
  npmMs,
);

test(
  "tests that need no server start none",
  async () => {
    const nowhere = "http://127.0.0.1:9";
    const output = await shop.run("vitest", ["run", "test/released.test.ts"], {
      NEON_DATABASE_URL: "postgres://a:b@127.0.0.1:9/c",
      UPSTASH_REDIS_REST_URL: nowhere,
      UPSTASH_REDIS_REST_TOKEN: "none",
    });
    expect(output).toMatch(/Test Files {2}1 passed/);
  },
  npmMs,
);

const apiKey = "of-the-test-0123456789";
const operatorKey = "of-the-operators-4711";

interface Home {
  readonly env: Readonly<Record<string, string>>;
  rows(text: string): Promise<unknown[]>;
  /** Has every entry delivered to the consumer once more. */
  redeliver(): Promise<void>;
}

/** An empty database, and a prefix in Redis. */
async function makeHome(): Promise<Home> {
  const { databaseUrl, neonUrl, upstash, redisUrl } = inject("services");
  const name = `shop_${randomBytes(4).toString("hex")}`;
  const server = new pg.Client({ connectionString: databaseUrl });
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  onTestFinished(async () => {
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await server.end();
  });
  const pool = new pg.Pool({ connectionString: withDatabase(databaseUrl, name), max: 1 });
  pool.on("error", () => undefined);
  const env = {
    NEON_DATABASE_URL: withDatabase(neonUrl, name),
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
    BRAIN_REDIS_PREFIX: name,
    APP_API_KEY: apiKey,
    BRAIN_API_KEY: operatorKey,
  };
  return {
    env,
    rows: async (text) => (await pool.query(text)).rows,
    async redeliver() {
      const redis = createRedisConnection({ url: redisUrl });
      try {
        const stream = `${name}:events:stream`;
        await redis.send([["XGROUP", "SETID", stream, "edge_shop", "0"]], plainReply);
      } finally {
        redis.close();
      }
    },
  };
}

/** Migrated as a reader of the example migrates it. */
async function makeMigratedHome(): Promise<Home> {
  const home = await makeHome();
  expect(await shop.run("node", ["src/migrate.ts"], home.env)).toContain("0000_shop of tea-shop");
  return home;
}

test(
  "npm run migrate takes the address from .dev.vars, says what is missing, and refuses what it does not know",
  async () => {
    const { env, rows } = await makeHome();
    const migrate = (words: readonly string[], own = env) =>
      shop.tried("node", ["src/migrate.ts", ...words], own);
    expect(await migrate(["--status"])).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^missing 0000_init of the engine$.*^missing 0000_shop of tea-shop$/ms),
    });
    expect(await migrate(["--dry-run"])).toMatchObject({ code: 0 });
    expect(await migrate(["--dryrun"])).toMatchObject({
      code: 2,
      output: expect.stringContaining("not known"),
    });
    // Control: none of them has made a table.
    expect(await rows("SELECT FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    await writeFile(join(shop.folder, ".dev.vars"), `NEON_DATABASE_URL=${env.NEON_DATABASE_URL}\n`);
    onTestFinished(() => rm(join(shop.folder, ".dev.vars")));
    expect(await npm(shop.folder, ["run", "migrate"])).toContain("applied 0000_shop of tea-shop");
    expect(await migrate(["--status"])).toMatchObject({ code: 0 });
    expect(await migrate([])).toMatchObject({
      code: 0,
      output: expect.stringContaining("has all migrations"),
    });
    const away = "postgres://a:secret-4711@127.0.0.1:1/c";
    for (const [address, expected] of [
      ["", /^NEON_DATABASE_URL is not set\./],
      [away, /^✗ NEON_DATABASE_URL names 127\.0\.0\.1:1, .*\n$/],
    ] as const) {
      const { code, output } = await migrate([], { NEON_DATABASE_URL: address });
      expect(code).toBe(1);
      expect(output).toMatch(expected);
      expect(output).not.toMatch(/secret-4711|^ +at /m);
    }
  },
  npmMs,
);

test(
  "all settings that are missing are named at once",
  async () => {
    const program = 'import("./src/product.ts").then(({ createProduct }) => createProduct({}))';
    const { code, output } = await shop.tried("node", ["-e", program]);
    expect(code).toBe(1);
    const names = [
      "NEON_DATABASE_URL",
      "UPSTASH_REDIS_REST_URL",
      "UPSTASH_REDIS_REST_TOKEN",
      "APP_API_KEY",
      "BRAIN_API_KEY",
    ];
    for (const name of names) expect(output).toMatch(new RegExp(`^ {2}${name}: `, "m"));
  },
  npmMs,
);

type Call = (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>;

/** Orders by HTTP; sees the effect once, also when all is delivered again. */
async function expectShopToWork({ rows, redeliver }: Home, call: Call): Promise<void> {
  const order = (quantity: number) => call("POST", "/api/shop/orders", { quantity });
  const untilHandled = (count: number) =>
    waitFor(
      `${count} orders are handled`,
      () => rows("SELECT handled FROM shop_totals"),
      (seen) => (seen[0] as { handled?: unknown } | undefined)?.handled === count,
    );
  expect(await call("GET", "/api/health")).toMatchObject({ status: 200, body: { status: "healthy" } });
  await expectHealthToNameWhatIsMissing(rows, call);
  const { status, body } = await order(2);
  expect(status).toBe(201);
  const { order_id } = body as { order_id: string };
  expect(await call("GET", `/api/shop/orders/${order_id}`)).toMatchObject({
    status: 200,
    body: { order_id, quantity: 2 },
  });
  await untilHandled(1);
  await redeliver();
  // What comes behind shows that all before it was delivered again.
  expect((await order(1)).status).toBe(201);
  await untilHandled(2);
  const claims = "SELECT count(*)::int AS count FROM processed_events WHERE subscriber_name = 'shop'";
  expect(await rows(claims)).toEqual([{ count: 2 }]);
  expect((await order(0)).status).toBe(400);
  expect(await rows("SELECT count(*)::int AS count FROM shop_orders")).toEqual([{ count: 2 }]);
}

async function expectHealthToNameWhatIsMissing(rows: Home["rows"], call: Call): Promise<void> {
  const journal = "drizzle.__drizzle_migrations";
  await rows(`ALTER TABLE ${journal} RENAME TO kept; CREATE TABLE ${journal} (LIKE drizzle.kept)`);
  const reason = expect.stringMatching(/0000_shop of tea-shop.* missing\. Run npm run migrate$/);
  expect(await call("GET", "/api/health")).toMatchObject({ status: 503, body: { reasons: [reason] } });
  await rows(`DROP TABLE ${journal}; ALTER TABLE drizzle.kept RENAME TO __drizzle_migrations`);
  expect(await call("GET", "/api/health")).toMatchObject({ status: 200 });
}

test(
  "it works in workerd",
  async () => {
    const home = await makeMigratedHome();
    const { outputFiles } = await build({
      absWorkingDir: shop.folder,
      entryPoints: ["src/worker.ts"],
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      target: "es2024",
      conditions: ["workerd", "worker", "browser"],
      external: ["node:*", "cloudflare:*"],
    });
    const { date, flags } = await readCompatibility();
    const log: string[] = [];
    const workers = new Miniflare({
      modules: true,
      script: outputFiles[0]?.text ?? "",
      compatibilityDate: date,
      compatibilityFlags: [...flags],
      bindings: home.env,
      host: "127.0.0.1",
      port: 0,
      handleStructuredLogs({ message }: { readonly message: string }) {
        log.push(message);
      },
    });
    onTestFinished(() => workers.dispose());
    const url = await workers.ready;
    await expectShopToWork(home, (method, path, body) => send(new URL(path, url), method, body));
    const { outcome } = await (await workers.getWorker()).scheduled({
      cron: "* * * * *",
      scheduledTime: new Date(),
    });
    expect(outcome).toBe("ok");
    await expectShopToBeOperated(shop, { url, operatorKey, apiKey, rows: home.rows });
    // As the README of the app says, with the key of .dev.vars.
    await writeFile(join(shop.folder, ".dev.vars"), `BRAIN_API_KEY=${operatorKey}\n`);
    onTestFinished(() => rm(join(shop.folder, ".dev.vars")));
    const doctor = await npm(shop.folder, ["run", "charter", "--", "--url", url.origin, "doctor"]);
    expect(doctor).toMatch(/^ok +dead letters: none$/m);
    // Control: what failed was logged.
    expect(log.join("\n")).toContain("dead letter");
    expect(log.join("\n")).not.toContain(operatorKey);
  },
  npmMs,
);

test(
  "it works in Deno",
  async () => {
    const home = await makeMigratedHome();
    const port = await findFreePort();
    const rights = ["--allow-env", "--allow-net", "--unstable-cron", "--node-modules-dir=manual"];
    const env = { ...home.env, PORT: String(port), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    const place = { cwd: shop.folder };
    const child = startChild(deno, ["run", ...rights, "src/deno.ts"], env, place);
    onTestFinished(() => child.kill());
    const url = new URL(`http://127.0.0.1:${port}`);
    const call: Call = (method, path, body) => send(new URL(path, url), method, body);
    await waitFor(
      "Deno serves",
      async () => ({
        status: await call("GET", "/api/health").then(({ status }) => status, String),
        output: child.output(),
      }),
      ({ status }) => status === 200,
      { everyMs: 100 },
    );
    await expectShopToWork(home, call);
    await expectShopToBeOperated(shop, { url, operatorKey, apiKey, rows: home.rows });
    expect(child.output()).toContain("dead letter");
    expect(child.output()).not.toContain(operatorKey);
    // What whoever starts it can mend is a line for each, without a stack.
    for (const [wrong, told] of [
      [{}, /^Port \d+ is taken by another program\. End that, or set PORT .*\n$/],
      [{ PORT: "70000" }, /^PORT is "70000", expected a whole number from 0 to 65535\.\n$/],
      [{ APP_API_KEY: "short" }, /^The configuration is not valid:\n {2}APP_API_KEY: .*\n$/],
    ] as const) {
      const second = startChild(deno, ["run", ...rights, "src/deno.ts"], { ...env, ...wrong }, place);
      expect(await second.ended(60_000), second.output()).toBe(1);
      expect(second.output()).toMatch(told);
    }
  },
  npmMs,
);

async function send(url: URL, method: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const isPublic = url.pathname === "/api/health";
  const response = await fetch(url, {
    method,
    headers: {
      "content-type": "application/json",
      ...(isPublic ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
