import { isUuid } from "@brain/engine";
import type { JsonValue } from "@brain/schemas";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { endpointsOf, validated, validatedInput } from "../../http/kit/routing.ts";
import { serveLive } from "../../http/kit/server-sent-events.ts";
import { requireTenantOf, tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { type TimePlace, writeTimeCursor } from "../time-cursor.ts";
import { acknowledge, consumeToken, createApproval, unknownApproval } from "./approvals/approvals.ts";
import { readPlan, refuse, withdraw } from "./decisions.ts";
import { approvalsLive } from "./live.ts";
import { listPlans } from "./plan-store.ts";
import {
  acknowledgeRequest,
  approvalRequest,
  approvalsQuery,
  consumeQuery,
  consumeRequest,
  dagDiffRequest,
  endRequest,
  gateRequest,
  pendingQuery,
  planParam,
  plansQuery,
  streamQuery,
  tenantQuery,
} from "./requests.ts";
import { auditDag, passGate, validatePlan } from "./service.ts";
import type { IrGovernanceSettings } from "./settings.ts";
import { type ApprovalWithPlan, countByStatus, findApproval, listApprovals } from "./store.ts";
import {
  approvalItem,
  cleanupView,
  consumedView,
  createdView,
  fullView,
  infoView,
  pendingItem,
  planDetails,
  planItem,
  statsView,
  statusView,
} from "./views.ts";

const mayRead = requires("ir_governance:read", "own_tenant");
const mayWrite = requires("ir_governance:write", "own_tenant");
/** Who makes an approval has decided; whoever uses it up acts on that. */
const mayApprove = requires("approve", "own_tenant");

/** The routes below `/api/ir`; all need a caller. */
export function irGovernanceRoutes(settings: IrGovernanceSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  const anything = z.unknown();

  app.get("/info", mayRead, (c) => c.json(infoView(settings, endpointsOf(app, "/api/ir"))));

  app.post("/validate", mayWrite, validated("json", anything), async (c) =>
    c.json(await validatePlan(c.var.services, settings, c.req.valid("json"))),
  );

  app.post("/gate", mayWrite, validated("json", gateRequest), async (c) =>
    c.json(await passGate(c.var.services, settings, c.req.valid("json"))),
  );

  app.post("/dag-diff", mayWrite, validated("json", dagDiffRequest), async (c) => {
    const request = c.req.valid("json");
    const audit = await auditDag(c.var.services, { ...request, dag_nodes: request.dag_nodes as JsonValue[] });
    return c.json(audit);
  });

  return app
    .route("/approvals", approvalReads())
    .route("/approvals", approvalDecisions())
    .route("/validations", planRoutes());
}

/** Plans that people decide on. */
function planRoutes(): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/", mayRead, validated("query", plansQuery), async (c) => {
    const { tenant_id: named, state, limit, cursor } = c.req.valid("query");
    const tenantId = tenantOf(c.var.services, named) ?? undefined;
    const page = { tenantId, state, limit, after: cursor ?? null };
    const { plans, next } = await listPlans(c.var.services.db, page);
    return c.json({ plans: plans.map(planItem), next_cursor: next === null ? null : writeTimeCursor(next) });
  });

  app.get("/:hash", mayRead, validated("param", planParam), validated("query", tenantQuery), async (c) => {
    const { services } = c.var;
    const { hash } = c.req.valid("param");
    const found = await readPlan(services, hash, c.req.valid("query").tenant_id);
    return c.json(planDetails(found));
  });

  app.post(
    "/:hash/refuse",
    mayApprove,
    validated("json", endRequest),
    validated("param", planParam),
    async (c) => {
      const { hash } = c.req.valid("param");
      const { plan, withdrawn } = await refuse(c.var.services, hash, c.req.valid("json"));
      return c.json({
        ir_hash: plan.irHash,
        tenant_id: plan.tenantId,
        refused_at: plan.refusedAt?.toISOString() ?? null,
        refused_by: plan.refusedBy,
        refused_reason: plan.refusedReason,
        approvals_withdrawn: withdrawn,
      });
    },
  );

  return app;
}

/** Approvals as they are: lists, counts, one of them. */
function approvalReads(): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/", mayRead, validated("query", approvalsQuery), async (c) => {
    const { tenant_id: named, status, limit, cursor } = c.req.valid("query");
    const tenantId = tenantOf(c.var.services, named) ?? undefined;
    const page = { tenantId, status, limit, after: cursor ?? null };
    const rows = await listApprovals(c.var.services.db, page);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return c.json({
      approvals: rows.map((row) => approvalItem(row)),
      next_cursor: last === undefined ? null : writeTimeCursor(placeOf(last)),
    });
  });

  app.get("/pending", mayRead, validated("query", pendingQuery), async (c) => {
    const { tenant_id: named, limit, cursor } = c.req.valid("query");
    const tenantId = tenantOf(c.var.services, named) ?? undefined;
    const { db } = c.var.services;
    const page = { tenantId, status: "pending" as const, limit, after: cursor ?? null };
    const [rows, counts] = await Promise.all([listApprovals(db, page), countByStatus(db, tenantId)]);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    const { pending, consumed, expired, withdrawn } = counts;
    return c.json({
      approvals: rows.map((row) => pendingItem(row)),
      total: pending + consumed + expired + withdrawn,
      pending,
      consumed,
      expired,
      withdrawn,
      next_cursor: last === undefined ? null : writeTimeCursor(placeOf(last)),
    });
  });

  app.get("/stats", mayRead, validated("query", tenantQuery), async (c) => {
    const { services } = c.var;
    const { db, now } = services;
    const tenantId = tenantOf(services, c.req.valid("query").tenant_id) ?? undefined;
    return c.json(statsView(await countByStatus(db, tenantId), now()));
  });

  app.get("/health", mayRead, async (c) => c.json(await readHealth(c)));

  app.get("/stream", mayRead, validated("query", streamQuery), (c) =>
    serveLive(c, approvalsLive(requireTenantOf(c.var.services, c.req.valid("query").tenant_id))),
  );

  app.get("/:id/status", mayRead, validated("query", tenantQuery), async (c) => {
    const { approval } = await requireApproval(c, c.req.param("id"), c.req.valid("query").tenant_id);
    return c.json(statusView(approval));
  });

  app.get("/:id", mayRead, validated("query", tenantQuery), async (c) => {
    const found = await requireApproval(c, c.req.param("id"), c.req.valid("query").tenant_id);
    return c.json(fullView(found.approval, found.validation));
  });

  return app;
}

/** What becomes of an approval: made, used up, acknowledged, withdrawn. */
function approvalDecisions(): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.post("/", mayApprove, validatedInput(approvalRequest, "refuse"), async (c) => {
    const request = c.req.valid("json");
    const { approval, token } = await createApproval(c.var.services, request);
    // A token must not stay in a cache on the way.
    c.header("cache-control", "no-store");
    return c.json(createdView(approval, token));
  });

  app.post(
    "/consume",
    mayWrite,
    validated("query", consumeQuery),
    validated("json", consumeRequest),
    async (c) => {
      const { consumed_by: consumedBy } = c.req.valid("query");
      return c.json(consumedView(await consumeToken(c.var.services, c.req.valid("json"), consumedBy)));
    },
  );

  app.post("/:id/acknowledge", mayApprove, validatedInput(acknowledgeRequest, "refuse"), async (c) => {
    const id = requireId(c.req.param("id"));
    const request = c.req.valid("json");
    const by = await acknowledge(c.var.services, id, request);
    return c.json({ success: true, approval_id: id, acknowledged_by: by });
  });

  app.post("/:id/withdraw", mayApprove, validated("json", endRequest), async (c) => {
    const approval = await withdraw(c.var.services, requireId(c.req.param("id")), c.req.valid("json"));
    return c.json({
      ...statusView(approval),
      withdrawn_at: approval.withdrawnAt?.toISOString() ?? null,
      withdrawn_by: approval.withdrawnBy,
      withdrawn_reason: approval.withdrawnReason,
    });
  });

  return app;
}

const placeOf = ({ approval }: ApprovalWithPlan): TimePlace => ({
  ms: approval.createdAt.getTime(),
  id: approval.approvalId,
});

/** @throws {NotFoundError} the text is no id, so nothing has it */
function requireId(id: string): string {
  if (!isUuid(id)) throw unknownApproval(id);
  return id.toLowerCase();
}

/** @throws {NotFoundError} there is none, or it is another tenant's */
async function requireApproval(c: Context<ModuleEnv>, id: string, named: string | undefined) {
  const tenantId = tenantOf(c.var.services, named) ?? undefined;
  const found = await findApproval(c.var.services.db, requireId(id), tenantId);
  if (found === null) throw unknownApproval(id);
  return found;
}

/** Says what is wrong instead of failing, because whoever asks wants to know. */
async function readHealth(c: Context<ModuleEnv>) {
  const { db, log, now } = c.var.services;
  try {
    const cleanup = cleanupView(await countByStatus(db, visibleTenant(c.var.services) ?? undefined), now());
    return {
      healthy: !cleanup.is_stale,
      // Approvals are rows in Postgres; without Redis they are created and used all the same.
      redis_available: null,
      cleanup_worker: cleanup,
      message: cleanup.is_stale
        ? "Approvals that are over are not written down; cron does not run."
        : "All is well.",
    };
  } catch (error) {
    log.warn(
      { error_class: error instanceof Error ? error.name : typeof error },
      "Approvals cannot be read.",
    );
    return {
      healthy: false,
      redis_available: null,
      cleanup_worker: null,
      message: "Approvals cannot be read now.",
    };
  }
}
