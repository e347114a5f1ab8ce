import { afterAll, beforeAll, expect, test } from "vitest";
import { charter, openStation, type Station } from "./server.ts";

let station: Station;
beforeAll(async () => {
  station = await openStation({});
});
afterAll(() => station?.cleanup());

const run = (...args: string[]) => charter(station.url, ["tenants", ...args]);

test("charter tenants shows and sets what a tenant may do", async () => {
  expect((await run()).stdout).toContain("Nothing is set for a tenant");
  const set = await run(
    ...["limits", "acme", "--weight", "2", "--events", "600", "--rows", "1000", "--missions", "any"],
    ...["--reason", "as in their contract"],
  );
  expect(set.code, set.stderr).toBe(0);
  expect(set.stdout).toContain("acme: weight 2, events a minute 600, rows 1000, missions any.");
  expect((await run("ls")).stdout).toMatch(
    /^acme +0 +\? +0 +2 +600 +\? of 1000 +any$|^acme +0 +0 +0 +2 +600 +\? of 1000 +any$/m,
  );
  const { tenants } = JSON.parse((await run("ls", "--json")).stdout);
  expect(tenants[0]).toMatchObject({ events_per_minute: 600, rows: 1_000, missions: null, rows_kept: null });

  // What is left out becomes what is set for all.
  const again = await run("limits", "acme", "--missions", "5", "--reason", "smaller");
  expect(again.stdout).toContain("acme: weight 1, events a minute -, rows -, missions 5.");
  const [action] = await station.sql<{ filter: object }>(
    "SELECT filter FROM operator_actions WHERE action = 'tenant.limited' ORDER BY id DESC LIMIT 1",
  );
  expect(action?.filter).toMatchObject({ tenant_id: "acme", missions: 5 });
});

test.each([
  [["--rows", "0", "--reason", "because"], 'Expected a whole number from 1 on, or "any".'],
  [["--weight", "0", "--reason", "because"], "Expected a number from 0.01 to 100."],
  [["--rows", "10"], "Say why with --reason"],
])("limits are not made of %j", async (options, told) => {
  const refused = await run("limits", "acme", ...options);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(told);
});
