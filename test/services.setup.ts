/** Starts Redis, PostgreSQL and their gateways once for a run of vitest, on data that is thrown away afterwards. */

import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migrate } from "../workers/local/migrate.ts";
import { startServices } from "../workers/local/services.ts";
import { describeTemplate, dropCopies, type Template } from "./database-pool.ts";

export interface TestServices {
  readonly redisUrl: string;
  readonly upstash: { readonly url: string; readonly token: string };
  /** A maintenance connection; tests work in the copies that `createSandbox` makes. */
  readonly databaseUrl: string;
  readonly neonUrl: string;
  /** The migrated, empty database that sandboxes are copies of. */
  readonly template: Template;
  /** For what the files of a run need not make twice; removed at its end. */
  readonly folder: string;
}

declare module "vitest" {
  interface ProvidedContext {
    services: TestServices;
  }
}

/** What the data of a run needs at most, bytes: write-ahead log, and the databases that exist at the same time. */
const neededBytes = 4 * 2 ** 30;

/**
 * Memory where there is enough of it. Tests make and drop thousands of databases of hundreds of files each, and on ext4 a
 * quarter of their time went into finding inodes that were not deleted a moment ago.
 */
async function rootOfData(): Promise<string> {
  const inMemory = "/dev/shm";
  const free = await statfs(inMemory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return Math.min(free, process.availableMemory()) >= neededBytes ? inMemory : tmpdir();
}

/** A folder that is named after this process, so that the next run can tell what a killed one has left behind. */
async function createDataDir(): Promise<string> {
  const root = await rootOfData();
  for (const name of await readdir(root)) {
    const pid = /^brain-test-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(root, name), { recursive: true, force: true });
  }
  return mkdtemp(join(root, `brain-test-${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await createDataDir();
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
  let removeCopies = async () => {};
  const teardown = async () => {
    await removeCopies().catch(() => undefined);
    await services.dropDatabase(templateDatabase).catch(() => undefined);
    await services.stop();
    await removeData();
  };
  try {
    await services.createDatabase(templateDatabase);
    await migrate(services.databaseUrlFor(templateDatabase));
    const { databaseUrl } = services;
    const template = await describeTemplate(databaseUrl, templateDatabase);
    removeCopies = () => dropCopies({ databaseUrl, template });
    if (services.redisUrl === null || services.upstash === null) {
      throw new Error("the tests need a Redis they can reach directly");
    }
    project.provide("services", {
      redisUrl: services.redisUrl,
      upstash: services.upstash,
      databaseUrl,
      neonUrl: services.neonUrl,
      template,
      folder: dataDir,
    });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
