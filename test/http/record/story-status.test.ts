import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { labCatalog, partChecked } from "../../engine/events.ts";
import { createSurface } from "../surface.ts";

/*
 * The status of a request is noted on the first event that it has recorded in each story: what a savepoint took back, and
 * what the record had before, is none of them.
 */

const report = (status: string) => ({ part: "a", status });

/** Publishes what the test asks for, and answers 201. */
async function openSurface(before: "nothing" | "taken back" | "recorded before") {
  const id = crypto.randomUUID();
  const routes = new Hono<ModuleEnv>().post("/work", identified("a test"), async (c) => {
    const { transact } = c.get("services");
    await transact({ source: "lab" }, async (tx, publish) => {
      if (before === "taken back") {
        const savepoint = tx.transaction(async () => {
          await publish(partChecked, report("first"));
          throw new Error("back");
        });
        await savepoint.catch(() => undefined);
      }
      if (before === "recorded before") await publish(partChecked, report("first"), { id });
      await publish(partChecked, report("kept"));
    });
    return c.json({}, 201);
  });
  const surface = await createSurface({ catalog: labCatalog, mounts: [{ path: "/api/work", routes }] });
  onTestFinished(async () => {
    await surface.background();
    await surface.cleanup();
  });
  if (before === "recorded before") {
    await surface.publish({ source: "lab" }, (publish) => publish(partChecked, report("first"), { id }));
  }
  return surface;
}

test.each(["nothing", "taken back", "recorded before"] as const)(
  "a story tells how its request was answered, when its first event was: %s",
  async (before) => {
    const surface = await openSurface(before);
    const reply = await surface.post("/api/work/work", {});
    expect(reply.status, reply.text).toBe(201);
    await surface.background();
    const rows = await surface.sql<{ status: number }>(
      "SELECT origin -> 'status' AS status FROM events WHERE origin IS NOT NULL",
    );
    expect(rows).toEqual([{ status: 201 }]);
    const story = await surface.send(`/api/events/correlation/${reply.headers.get("x-correlation-id")}`);
    expect(story.body.roots).toMatchObject([{ status: 201 }]);
  },
);
