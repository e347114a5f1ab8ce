import { createTestEngine, type TestEngine } from "@brain/engine/testing";
import { onTestFailed, onTestFinished } from "vitest";
import { createApp } from "../src/app.ts";
import { readMigrations } from "../src/migrations.ts";
import { catalog, consumers, jobs } from "../src/product.ts";
import { readServices } from "./services.ts";

const keys = { apiKey: "only-for-the-tests-0123456789", operatorKey: "of-operators-0123456789" };

/** The whole product on real Redis and Postgres, with a database of its own. Nothing moves before the test says so. */
export async function openProduct(): Promise<TestEngine & { post: Post }> {
  const opened = await createTestEngine({
    services: readServices(),
    catalog,
    consumers,
    jobs,
    migrations: [await readMigrations()],
    hooks: { onTestFinished, onTestFailed },
  });
  const app = createApp(opened.engine, keys, (_c, work) => opened.context.waitUntil(work));
  const headers = { authorization: `Bearer ${keys.apiKey}` };
  return { ...opened, post: (path, body) => opened.request(app, "POST", path, { body, headers }) };
}

/** Sends a request with the key. */
export type Post = (path: string, body: unknown) => ReturnType<TestEngine["request"]>;
