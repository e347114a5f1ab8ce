import { NotFoundError } from "@brain/engine";
import { sampleRoomPaperSlipNewlyAdded } from "@brain/schemas/events/sample-room";
import { and, eq } from "drizzle-orm";
import { Hono } from "hono";
import * as z from "zod";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated } from "../../http/kit/routing.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { sampleRoomPaperSlips } from "./tables.ts";

const mayRead = requires("sample_room:read", "own_tenant");
const mayWrite = requires("sample_room:write", "own_tenant");

const newPaperSlip = z.strictObject({
  quantity: z.int().min(1).max(1_000),
  /** For a credential of all tenants; one of a tenant means its own. */
  tenant_id: z.string().trim().min(1).max(100).optional(),
});
const paperSlipParam = z.strictObject({ paper_slip_id: z.uuid() });

/** The routes below `/api/sample-room`. */
export function sampleRoomRoutes(): Hono<ModuleEnv> {
  return new Hono<ModuleEnv>()
    .post("/paper-slips", mayWrite, validated("json", newPaperSlip), async (c) => {
      const { services } = c.var;
      const { quantity, tenant_id: named } = c.req.valid("json");
      const tenantId = tenantOf(services, named);
      const paperSlipId = crypto.randomUUID();
      const addedAt = services.now();
      // The row and the event are one transaction: both are there, or neither is.
      await services.transact(
        { source: "sample_room", tenant_id: tenantId, actor_id: services.actorId },
        async (tx, publish) => {
          await tx.insert(sampleRoomPaperSlips).values({ paperSlipId, tenantId, quantity, addedAt });
          await publish(sampleRoomPaperSlipNewlyAdded, { paper_slip_id: paperSlipId, quantity });
        },
      );
      return c.json({ paper_slip_id: paperSlipId, quantity, added_at: addedAt.toISOString() }, 201);
    })
    .get("/paper-slips/:paper_slip_id", mayRead, validated("param", paperSlipParam), async (c) => {
      const { services } = c.var;
      const { paper_slip_id: paperSlipId } = c.req.valid("param");
      const tenantId = visibleTenant(services);
      const ofTenant = tenantId === null ? undefined : eq(sampleRoomPaperSlips.tenantId, tenantId);
      const [row] = await services.db.statements
        .select()
        .from(sampleRoomPaperSlips)
        .where(and(eq(sampleRoomPaperSlips.paperSlipId, paperSlipId), ofTenant));
      if (row === undefined) throw new NotFoundError(`There is no paper slip with the id "${paperSlipId}".`);
      return c.json({
        paper_slip_id: row.paperSlipId,
        quantity: row.quantity,
        added_at: row.addedAt.toISOString(),
      });
    });
}
