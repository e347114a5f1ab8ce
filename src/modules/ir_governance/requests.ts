import { forbiddenValue, type JsonValue, stripHashPrefix } from "@brain/schemas";
import * as z from "zod";
import { reasonText, withoutFindings } from "../../http/kit/free-text.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { timeCursor } from "../time-cursor.ts";
import { approvalStatuses } from "./tables.ts";

/** What the routes accept. */

/** What is told of a plan goes into events. */
const tenantId = withoutFindings(tenantIdText);

/** A user: an id, never a name or an e-mail address. */
const userId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}$/, {
    error: "Expected an id: 1 to 100 letters, digits, and : _ . -",
  })
  .refine((text) => forbiddenValue(text) === null, { error: "Expected our own id of the user" });

const irHash = z
  .string()
  .max(100)
  .transform(stripHashPrefix)
  .pipe(z.string().regex(/^[0-9a-f]{64}$/, { error: "Expected 64 hex digits in lower case" }));

const hashScheme = z.enum(["v1", "v2"]).default("v2");

const integerText = z
  .string()
  .regex(/^\d{1,6}$/, { error: "Expected a whole number" })
  .transform(Number);

const limit = integerText.pipe(z.int().min(1).max(1_000)).default(100);

const reason = reasonText(500, 1);

export const approvalRequest = z.strictObject({
  tenant_id: tenantId.optional(),
  ir_hash: irHash,
  hash_scheme: hashScheme,
  ttl_seconds: z.union([z.int(), integerText]).pipe(z.int().min(60).max(86_400)).default(3_600),
  created_by: userId.nullish(),
  /** Stands in the audit. */
  reason: reason.optional(),
});
export type ApprovalRequest = z.output<typeof approvalRequest>;

export const acknowledgeRequest = z.strictObject({
  /** Left out: who acts. */
  acknowledged_by: userId.optional(),
  tenant_id: tenantId.optional(),
  /** Stands in the audit. */
  reason: reason.optional(),
});
export type AcknowledgeRequest = z.output<typeof acknowledgeRequest>;

export const consumeRequest = z.strictObject({
  tenant_id: tenantId.optional(),
  ir_hash: irHash,
  token: z.string().min(1).max(200),
});
export type ConsumeRequest = z.output<typeof consumeRequest>;

export const consumeQuery = z.strictObject({ consumed_by: userId.optional() });

export const dagDiffRequest = z.strictObject({
  ir: z.unknown(),
  dag_nodes: z.array(z.unknown()).max(1_000),
  hash_scheme: hashScheme,
});
export type DagDiffRequest = Omit<z.output<typeof dagDiffRequest>, "dag_nodes"> & {
  readonly dag_nodes: readonly JsonValue[];
};

export const gateRequest = z.strictObject({
  ir: z.unknown().optional(),
  approval_token: z.string().min(1).max(200).nullish(),
});

export type GateQuestion = z.output<typeof gateRequest>;

export const tenantQuery = z.strictObject({ tenant_id: tenantId.optional() });

/** Why an approval is taken back, or a plan refused. */
export const endRequest = z.strictObject({ reason, tenant_id: tenantId.optional() });

export const plansQuery = z.strictObject({
  tenant_id: tenantId.optional(),
  state: z.enum(["waiting", "refused"]).default("waiting"),
  limit: integerText.pipe(z.int().min(1).max(200)).default(50),
  cursor: timeCursor(/[0-9a-f]{64}/).optional(),
});

export const planParam = z.object({ hash: irHash });

export const pendingQuery = z.strictObject({
  tenant_id: tenantId.optional(),
  limit,
  cursor: timeCursor().optional(),
});

export const approvalsQuery = pendingQuery.extend({ status: z.enum(approvalStatuses).default("pending") });

/** One tenant, because a feed of all tenants is nobody's business here. */
export const streamQuery = z.strictObject({
  tenant_id: tenantId.optional(),
  last_event_id: z.string().min(1).max(2_000).optional(),
});
