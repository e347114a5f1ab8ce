import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { checkHealth } from "../../src/engine/operations/health.ts";
import { productMigrations } from "../../src/migration-list.ts";
import { createProgram } from "../../workers/program.ts";
import { sandboxEnv } from "../backbone.ts";
import { createSandbox } from "../sandbox.ts";

test("health of the product names a migration of its modules that is missing", async () => {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.cleanup());
  const client = new pg.Client({ connectionString: sandbox.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  const { engine } = createProgram(parseConfig(sandboxEnv(sandbox)));
  expect((await checkHealth(engine.open())).reasons).toEqual([]);

  const last = productMigrations.migrations.at(-1);
  await client.query("DELETE FROM drizzle.__drizzle_migrations WHERE created_at = $1", [last?.when]);
  expect(await checkHealth(engine.open())).toMatchObject({
    status: "unhealthy",
    reasons: [expect.stringContaining(`migration ${last?.tag} is missing`)],
  });
});
