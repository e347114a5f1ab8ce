import { atMostMembers } from "@brain/schemas";
import { Hono } from "hono";
import * as z from "zod";
import type { ModuleEnv } from "../../../http/kit/module-env.ts";
import { validated } from "../../../http/kit/routing.ts";
import { visibleTenant, withTenantOf } from "../../../http/kit/tenants.ts";
import type { IrGate } from "../../ports/ir-gate.ts";
import { factorySource } from "../announce.ts";
import { requestOf, sentRequest } from "../generation/sent-request.ts";
import { mayWrite } from "../route-parts.ts";
import { buildIr, irDocument } from "./ir.ts";

const anyPlan = z.looseObject({}).refine(...atMostMembers(1_000));

/** The plan of a course: shown, and judged. Nothing is generated here. */
export function governanceRoutes(gate: IrGate): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();

  routes.post("/generate-ir", mayWrite, validated("json", sentRequest), async (c) => {
    const ir = await buildIr(requestOf(c.var.services, c.req.valid("json")));
    return c.json(irDocument(ir, crypto.randomUUID(), c.var.services.now()));
  });

  // What a plan lacks is for the gate to say, so all objects are let through.
  routes.post("/validate-ir", mayWrite, validated("json", anyPlan), async (c) => {
    const { services } = c.var;
    const ir: unknown = withTenantOf(services, c.req.valid("json"));
    const context = {
      source: factorySource,
      tenant_id: visibleTenant(services),
      actor_id: services.actorId,
    };
    return c.json(await services.transact(context, (tx, publish) => gate.validate(tx, publish, ir)));
  });

  return routes;
}
