import type { Engine } from "@brain/engine";
import { eq } from "drizzle-orm";
import { Hono } from "hono";
import * as z from "zod";
import { sampleRoomPaperSlipNewlyAdded } from "../../events/sample-room.ts";
import type { Background } from "../../mount.ts";
import { sampleRoomPaperSlips } from "./tables.ts";

const newPaperSlip = z.strictObject({ quantity: z.int().min(1).max(1_000) });

/** The routes below `/api/sample-room`. */
export function sampleRoomRoutes(engine: Engine, background: Background): Hono {
  return new Hono()
    .post("/paper-slips", async (c) => {
      const given = newPaperSlip.safeParse(await c.req.json().catch(() => null));
      if (!given.success) return c.json({ error: z.prettifyError(given.error) }, 400);
      const { quantity } = given.data;
      const paperSlipId = crypto.randomUUID();
      const addedAt = engine.open().now();
      // The row and the event are one transaction: both are there, or neither is.
      await engine.transact({ source: "sample_room" }, async (tx, publish) => {
        await tx.insert(sampleRoomPaperSlips).values({ paperSlipId, quantity, addedAt: new Date(addedAt) });
        await publish(sampleRoomPaperSlipNewlyAdded, { paper_slip_id: paperSlipId, quantity });
      });
      // Behind the answer it is sent and handled.
      background(c, engine.afterCommit());
      return c.json({ paper_slip_id: paperSlipId, quantity }, 201);
    })
    .get("/paper-slips/:paper_slip_id", async (c) => {
      const id = z.uuid().safeParse(c.req.param("paper_slip_id"));
      const { statements } = engine.open().db;
      const [row] = id.success
        ? await statements
            .select()
            .from(sampleRoomPaperSlips)
            .where(eq(sampleRoomPaperSlips.paperSlipId, id.data))
        : [];
      if (row === undefined) return c.json({ error: "There is no such paper slip." }, 404);
      const { paperSlipId, quantity, addedAt } = row;
      return c.json({ paper_slip_id: paperSlipId, quantity, added_at: addedAt.toISOString() });
    });
}
