import { describe, expect, test } from "vitest";
import { TransientError } from "../core/errors.ts";
import { withoutStatements } from "./apply.ts";
import { type MigrateRunOptions, runMigrateCommand } from "./command.ts";
import { grantForTenants } from "./tenant-grants.ts";

const databaseUrl = "postgres://brain:secret-4711@db.example/brain";

async function run(args: readonly string[], changes: Partial<MigrateRunOptions> = {}) {
  const said: string[] = [];
  const wrong: string[] = [];
  const done: string[] = [];
  const code = await runMigrateCommand({
    args,
    env: { NEON_DATABASE_URL: databaseUrl },
    settings: ["NEON_DATABASE_URL"],
    open: () => ({
      async apply() {
        done.push("apply");
        return ["0000_shop of tea-shop"];
      },
      async inspect() {
        return { kind: "behind", missing: ["0000_shop of tea-shop"] };
      },
    }),
    print: { log: (line) => said.push(line), error: (line) => wrong.push(line) },
    ...changes,
  });
  return { code, said: said.join("\n"), wrong: wrong.join("\n"), done };
}

const failing = (error: unknown) => ({ open: () => Promise.reject(error) });

describe("npm run migrate", () => {
  test("applies what is missing, and says what that was", async () => {
    expect(await run([])).toEqual({
      code: 0,
      said: "applied 0000_shop of tea-shop\n✓ migrations applied",
      wrong: "",
      done: ["apply"],
    });
  });

  test.each([
    ["--status", 1],
    ["--dry-run", 0],
  ])("%s says what is missing with exit code %i, and applies nothing", async (flag, code) => {
    const ended = await run([flag]);
    expect(ended).toMatchObject({ code, wrong: "", done: [] });
    expect(ended.said).toMatch(/^missing 0000_shop of tea-shop\nApply them with npm run migrate/);
  });

  test.each([
    [
      [],
      /^noted 0000_shop of tea-shop: it has no statement, so nothing was changed\. .* write a new migration/,
    ],
    [["--status"], /^missing 0000_shop of tea-shop: it has no statement yet\. Write it before it is applied/],
  ])("%j says of a migration without a statement what it is", async (args, expected) => {
    const open = () => ({
      apply: async () => ["0000_shop of tea-shop"],
      inspect: async () => ({ kind: "behind", missing: ["0000_shop of tea-shop"] }) as const,
      empty: ["0000_shop of tea-shop"],
    });
    const { said } = await run(args, { open });
    expect(said).toMatch(expected);
    expect(said).not.toMatch(/✓ migrations applied|^applied/m);
  });

  test.each([
    ["nothing at all", [], true],
    [
      "what drizzle-kit writes with --custom",
      ["-- Custom SQL migration file, put your code below! --\n"],
      true,
    ],
    ["comments over several lines", ["/* later\n * on */\n", "  "], true],
    ["a statement below a comment", ["-- why\nSELECT 1;"], false],
    ["a statement beside none", ["", "SELECT 1; -- why"], false],
  ])("a migration of %s: %j has no statement: %s", (_what, statements, isEmpty) => {
    const journal = { schema: "drizzle", table: "t" };
    const migrations = [{ tag: "0000_shop", when: 1, hash: "", statements }];
    const found = withoutStatements([{ owner: "tea-shop", journal, migrations }]);
    expect(found).toEqual(isEmpty ? ["0000_shop of tea-shop"] : []);
  });

  test("--status does not call well what it may not read", async () => {
    const open = () => ({ apply: async () => [], inspect: async () => ({ kind: "unknown" }) as const });
    expect(await run(["--status"], { open })).toMatchObject({
      code: 1,
      said: expect.stringContaining("may not"),
    });
  });

  test.each(["--dryrun", "status", "--help"])(
    "refuses %s with exit code 2 and applies nothing",
    async (word) => {
      const { code, wrong, done } = await run([word]);
      expect({ code, done }).toEqual({ code: 2, done: [] });
      expect(wrong).toMatch(new RegExp(`^${word} is not known\\.\\nUsage: NEON_DATABASE_URL=postgres:`));
    },
  );

  test.each([
    ["is not there", {}, /^NEON_DATABASE_URL is not set\. Set it to the database to migrate\.\nUsage: /],
    ["is empty", { NEON_DATABASE_URL: "" }, /^NEON_DATABASE_URL is not set\./],
    [
      "is none",
      { NEON_DATABASE_URL: "secret-4711" },
      /^✗ NEON_DATABASE_URL is no address, expected one like/,
    ],
    ["is another's", { NEON_DATABASE_URL: "https://x.y/secret-4711" }, /^✗ NEON_DATABASE_URL is no address/],
  ])("names the setting when the address %s", async (_what, env, expected) => {
    const { code, said, wrong } = await run([], { env });
    expect({ code, said }).toEqual({ code: 1, said: "" });
    expect(wrong).toMatch(expected);
    expect(wrong).not.toContain("secret-4711");
  });

  test("names setting, host and reason of a database that does not answer, in one line without the password", async () => {
    const cause = new AggregateError([new Error("connect ECONNREFUSED 127.0.0.1:1")]);
    const { code, wrong } = await run(
      [],
      failing(new TransientError("Postgres could not be reached.", { cause })),
    );
    expect(code).toBe(1);
    expect(wrong).toBe(
      "✗ NEON_DATABASE_URL names db.example, and that failed: Postgres could not be reached. connect ECONNREFUSED 127.0.0.1:1. Start it, or correct NEON_DATABASE_URL.",
    );
  });

  test("says once what names the setting itself", async () => {
    const { wrong } = await run(
      [],
      failing(new Error("NEON_DATABASE_URL names db.example, and it is asleep.")),
    );
    expect(wrong).toBe("✗ NEON_DATABASE_URL names db.example, and it is asleep.");
  });
});

test("tables that get the policy of tenants in a migration are granted to their role, in one statement", () => {
  const policy = (table: string) =>
    `CREATE POLICY "tenant_rows" ON ${table} AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (true);--> statement-breakpoint\n`;
  expect(grantForTenants(policy('"parcels"') + policy('"post"."board"'))).toBe(
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "parcels", "post"."board" TO "brain_tenant";',
  );
  expect(
    grantForTenants('CREATE TABLE "parcels" ("id" uuid);\nCREATE POLICY "all_rows" ON "parcels";'),
  ).toBeNull();
});
