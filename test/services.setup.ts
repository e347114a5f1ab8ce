/** Starts Redis, PostgreSQL and their gateways once for a run of vitest, on data that is thrown away afterwards. */

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migrate } from "../workers/local/migrate.ts";
import { startServices } from "../workers/local/services.ts";

export interface TestServices {
  readonly redisUrl: string;
  readonly upstash: { readonly url: string; readonly token: string };
  /** A maintenance connection; tests work in the copies that `createSandbox` makes. */
  readonly databaseUrl: string;
  readonly neonUrl: string;
  /** The migrated, empty database that sandboxes are copies of. */
  readonly templateDatabase: string;
}

declare module "vitest" {
  interface ProvidedContext {
    services: TestServices;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "brain-test-"));
  const { REDIS_URL, DATABASE_URL } = process.env;
  const removeData = () => rm(dataDir, { recursive: true, force: true });
  const services = await startServices({ env: { REDIS_URL, DATABASE_URL }, dataDir, fsync: false }).catch(
    async (error: unknown) => {
      await removeData();
      throw error;
    },
  );
  // A name of its own, because the server of DATABASE_URL may serve another run at the same time.
  const templateDatabase = `brain_template_${randomBytes(4).toString("hex")}`;
  const teardown = async () => {
    await services.dropDatabase(templateDatabase).catch(() => undefined);
    await services.stop();
    await removeData();
  };
  try {
    await services.createDatabase(templateDatabase);
    await migrate(services.databaseUrlFor(templateDatabase));
    if (services.redisUrl === null) throw new Error("the tests need a Redis they can reach directly");
    project.provide("services", {
      redisUrl: services.redisUrl,
      upstash: services.upstash,
      databaseUrl: services.databaseUrl,
      neonUrl: services.neonUrl,
      templateDatabase,
    });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
