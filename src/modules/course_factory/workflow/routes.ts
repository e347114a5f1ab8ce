import { Hono } from "hono";
import * as z from "zod";
import { reasonText } from "../../../http/kit/free-text.ts";
import type { ModuleEnv } from "../../../http/kit/module-env.ts";
import { validatedInput } from "../../../http/kit/routing.ts";
import { secretOf } from "../../../http/kit/secret-in-query.ts";
import { writtenUuid } from "../../../http/kit/written-uuid.ts";
import type { IrGate } from "../../ports/ir-gate.ts";
import { actorId, approvalToken, flag, mayWrite, takesToken, tokenHeader } from "../route-parts.ts";
import { workflowStates } from "./state.ts";
import { rollbackCourse, transitionCourse } from "./workflow.ts";

const reason = reasonText(1000, 1);

const transitionInput = z.strictObject({
  course_id: writtenUuid,
  from_state: z.enum(workflowStates),
  to_state: z.enum(workflowStates),
  actor: actorId.optional(),
  reason: reason.nullable().default(null),
  hitl_approval: flag,
  approval_token: approvalToken.nullable().default(null),
});

const rollbackInput = z.strictObject({
  course_id: writtenUuid,
  transition_id: writtenUuid,
  actor: actorId.optional(),
  reason,
  hitl_approval: flag,
  approval_token: approvalToken.nullable().default(null),
});

/** A course moves on in its author workflow, or back. */
export function workflowRoutes(gate: IrGate): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();

  const transition = validatedInput(transitionInput, "query_wins");
  routes.post("/transition", mayWrite, ...takesToken, transition, async (c) => {
    const input = c.req.valid("json");
    const approval_token = secretOf(c, tokenHeader, input.approval_token);
    return c.json(await transitionCourse(c.var.services, gate, { ...input, approval_token }));
  });

  const rollback = validatedInput(rollbackInput, "query_wins");
  routes.post("/rollback", mayWrite, ...takesToken, rollback, async (c) => {
    const input = c.req.valid("json");
    const approval_token = secretOf(c, tokenHeader, input.approval_token);
    return c.json(await rollbackCourse(c.var.services, gate, { ...input, approval_token }));
  });

  return routes;
}
