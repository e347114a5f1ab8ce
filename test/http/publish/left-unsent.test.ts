import { randomUUID } from "node:crypto";
import { ingest } from "@brain/engine";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { labCatalog, partChecked } from "../../engine/events.ts";
import { losingFirstAnswer } from "../../faults.ts";
import { healthReport } from "../sample-events.ts";
import { createSurface } from "../surface.ts";

/*
 * An event that is committed while its relay was never started: whoever recorded it was ended, or never heard of its commit.
 * The next one to hear of it starts the relay; cron would find it a minute later.
 */

const unsent = "SELECT u.position FROM unsent_events u";

test.each([
  ["alone", "/api/events", (event: object): unknown => event],
  ["in a batch", "/api/events/batch", (event: object): unknown => [event]],
])("is sent when it comes again %s", async (_how, path, bodyOf) => {
  const surface = await createSurface({ relayAfterCommit: true });
  onTestFinished(() => surface.cleanup());
  const event = healthReport({ n: 1 }, { id: randomUUID() });
  await ingest(surface.open(), [event], { correlationId: null, actorId: null });
  expect(await surface.sql(unsent)).toHaveLength(1);
  expect((await surface.post(path, bodyOf(event))).text).toContain('"deduplicated":true');
  await surface.background();
  expect(await surface.sql(unsent)).toEqual([]);
});

test("of a route that never heard of its commit is sent behind it", async () => {
  const routes = new Hono<ModuleEnv>().post("/", identified("a test"), async (c) => {
    await c.var.services.transact({ source: "test" }, (_tx, publish) =>
      publish(partChecked, { part: "db", status: "1" }),
    );
    return c.json({});
  });
  const surface = await createSurface({
    relayAfterCommit: true,
    catalog: labCatalog,
    database: losingFirstAnswer,
    mounts: [{ path: "/api/work", routes }],
  });
  onTestFinished(() => surface.cleanup());
  expect((await surface.post("/api/work", {})).status).toBe(503);
  expect(await surface.recorded()).toBe(1);
  await surface.background();
  expect(await surface.sql(unsent)).toEqual([]);
});
