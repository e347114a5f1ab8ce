import { createVault } from "@brain/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeyAuthenticator } from "../../src/modules/identity/key-authenticator.ts";
import { keyRoutes } from "../../src/modules/identity/routes.ts";
import { testSecretsKey } from "../backbone.ts";
import { charter, openStation, type Station } from "./server.ts";

const vault = createVault({ current: testSecretsKey, previous: null });
let station: Station;
beforeAll(async () => {
  station = await openStation({
    mounts: [
      { path: "/api/keys", routes: keyRoutes(vault), keys: { "/": "refused", "/:id/rotate": "refused" } },
    ],
    authenticators: [createKeyAuthenticator({ credentialCacheMs: 0 })],
  });
});
afterAll(() => station?.cleanup());

const run = (...args: string[]) => charter(station.url, args);
const as = (key: string, ...args: string[]) => charter(station.url, args, { env: { CHARTER_KEY: key } });
const keyShape = /^brk_([a-z0-9]{16})_[\w-]{43}\n$/;

test("charter keys makes, shows, rotates and ends a key; its text stands alone on standard output, and in no log", async () => {
  const made = await run(
    "keys",
    "create",
    "nightly import",
    "--role",
    "publisher,viewer",
    "--tenant",
    "acme",
    "--for",
    "90d",
  );
  expect(made.code, made.stderr).toBe(0);
  const [, id = ""] = keyShape.exec(made.stdout) ?? [];
  expect(made.stdout).toMatch(keyShape);
  expect(made.stderr).toContain("events:publish *:read");
  expect(made.stderr).not.toContain(made.stdout.trim());

  const who = await as(made.stdout.trim(), "whoami");
  expect(who.stdout, who.stderr).toMatch(/id +key:/);
  expect(who.stdout).toMatch(/tenant +acme/);

  const rotated = await run("keys", "rotate", id, "--no-overlap", "--quiet");
  expect(rotated.stderr).toBe("");
  expect(rotated.stdout).toMatch(keyShape);
  expect((await as(made.stdout.trim(), "whoami")).code).toBe(1);
  expect((await as(rotated.stdout.trim(), "whoami")).code).toBe(0);

  const again = await run("keys", "rotate", id, "--overlap", "1h", "--json");
  const { key, previous_until } = JSON.parse(again.stdout);
  expect(Date.parse(previous_until)).toBeGreaterThan(Date.now());
  expect((await as(key, "whoami", "--json")).stdout).toContain(`"key:${id}"`);

  expect((await run("keys", "ls")).stdout).toMatch(new RegExp(`${id} +nightly import +acme .*active`));
  const shown = await run("keys", "show", id);
  expect(shown.stdout).toMatch(/status +active/);
  const unsure = await run("keys", "revoke", id);
  expect(unsure.code).toBe(2);
  expect((await run("keys", "revoke", id, "--yes")).stdout).toContain("is revoked");
  expect((await as(key, "whoami")).code).toBe(1);
  expect((await run("keys", "show", id)).stdout).toMatch(/status +revoked/);

  const secret = key.slice(-43);
  expect([...station.logs, shown.stdout].join("\n")).not.toContain(secret);
});

test.each([
  [["keys", "create", "x"], "--role or --scope"],
  [["keys", "create", "x", "--role", "viewer", "--tenant", "a", "--all-tenants"], "not both"],
  [["keys", "create", "x", "--role", "viewer", "--for", "1d", "--until", "2030-01-01T00:00:00Z"], "not both"],
])("charter %j is wrong usage", async (args, message) => {
  const ran = await run(...args);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(message);
});

test("what the API refuses is said with the field", async () => {
  const ran = await run("keys", "create", "x", "--role", "god");
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("roles.0: expected viewer");
});

test("a lost reply makes no second key, and is told", async () => {
  const count = async () => (await station.sql("SELECT 1 FROM identity_keys")).length;
  const before = await count();
  station.loseReplies("/api/keys", 1);
  const ran = await run("keys", "create", "lost", "--role", "viewer");
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("unknown whether this was done");
  expect(await count()).toBe(before + 1);
});
