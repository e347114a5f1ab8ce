import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import { mostItems } from "../open-object.ts";
import { fillMissing, id, isoTime, renameMissing, sha256 } from "./fields.ts";

/** IR governance: approvals, validation and the comparison of an IR with its execution graph. Keyed by tenant. */

const module = "ir_governance";
const contentHashes = ["ir_hash", "dag_hash", "expected_hash", "actual_hash"];
const byTenant = (payload: { tenant_id: string }) => payload.tenant_id;
const ttlSeconds = z.int().min(1);

/** Older documents show the hash with its algorithm; the code wrote 64 hex digits. Both compare equal without it. */
export function stripHashPrefix(hash: string): string {
  return hash.startsWith("sha256:") ? hash.slice("sha256:".length) : hash;
}

function readHashes(payload: JsonObject): JsonObject {
  const result = { ...payload };
  for (const key of ["ir_hash", "dag_hash"]) {
    const hash = result[key];
    if (typeof hash === "string") result[key] = stripHashPrefix(hash);
  }
  return result;
}

const approval = { approval_id: z.uuid(), tenant_id: id, ir_hash: sha256 };

export const irApprovalCreated = defineEvent("ir.approval_created", {
  version: 1,
  module,
  criticality: "INFO",
  severity: "INFO",
  when: "An approval was asked for and its token issued",
  key: byTenant,
  payload: z.strictObject({
    ...approval,
    ttl_seconds: ttlSeconds,
    expires_at: isoTime,
    created_by: id.nullable(),
    created_at: isoTime,
  }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { created_by: null }),
  consumers: ["audit", "security monitoring", "analytics"],
});

export const irApprovalConsumed = defineEvent("ir.approval_consumed", {
  version: 1,
  module,
  criticality: "CRITICAL",
  severity: "INFO",
  when: "An approval was used",
  key: byTenant,
  payload: z.strictObject({
    ...approval,
    consumed_by: id.nullable(),
    consumed_at: isoTime,
    time_to_consume_seconds: z.int().min(0),
    /** Always false: an expired approval is never consumed. */
    was_expired: z.boolean(),
  }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { consumed_by: null, was_expired: false }),
  consumers: ["execution engine", "audit", "compliance", "analytics"],
});

export const irApprovalExpired = defineEvent("ir.approval_expired", {
  version: 1,
  module,
  criticality: "WARNING",
  severity: "WARNING",
  when: "An approval was to be used after its expiry",
  key: byTenant,
  payload: z.strictObject({
    ...approval,
    expired_at: isoTime,
    created_at: isoTime,
    ttl_seconds: ttlSeconds,
    /** Always false. */
    was_consumed: z.boolean(),
  }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { was_consumed: false }),
  consumers: ["audit", "security monitoring", "analytics"],
});

export const irApprovalAcknowledged = defineEvent("ir.approval.acknowledged", {
  version: 1,
  module,
  criticality: "INFO",
  severity: "INFO",
  when: "A person has taken note of an approval",
  key: byTenant,
  payload: z.strictObject({ ...approval, acknowledged_by: id, acknowledged_at: isoTime }),
  contentHashes,
  consumers: ["audit", "analytics"],
});

export const irApprovalInvalid = defineEvent("ir.approval_invalid", {
  version: 1,
  module,
  criticality: "WARNING",
  severity: "WARNING",
  when: "The use of an approval was refused",
  key: byTenant,
  payload: z
    .strictObject({
      /** The requested tenant and hash; the stored ones for `already_consumed`. */
      tenant_id: id,
      ir_hash: sha256,
      reason: z.enum(["token_not_found", "tenant_mismatch", "ir_hash_mismatch", "already_consumed"]),
      attempted_by: id.nullable(),
      attempted_at: isoTime,
      /** Null only for `token_not_found`. */
      approval_id: z.uuid().nullable(),
    })
    .refine((payload) => (payload.approval_id === null) === (payload.reason === "token_not_found"), {
      path: ["approval_id"],
      message: "expected null for the reason token_not_found and an id for every other reason",
    }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { attempted_by: null, approval_id: null }),
  consumers: ["security monitoring", "audit", "incident response"],
});

const validation = {
  tenant_id: id,
  request_id: z.uuid(),
  ir_hash: sha256,
  validated_at: isoTime,
  step_count: z.int().min(1),
};
const violation = z.strictObject({
  step_index: z.int().min(0).nullable(),
  code: z.string().min(1).max(100),
  message: z.string().max(1000),
  severity: z.enum(["ERROR", "WARNING"]),
});
const violations = z.array(violation).max(mostItems);

export const irValidatedPass = defineEvent("ir.validated_pass", {
  version: 1,
  module,
  criticality: "INFO",
  severity: "INFO",
  when: "An IR may run without approval",
  key: byTenant,
  payload: z.strictObject({
    ...validation,
    risk_tier: z.int().min(0).max(1),
    requires_approval: z.literal(false),
    violations: z.array(violation).max(0),
  }),
  contentHashes,
  legacy: readHashes,
  consumers: ["execution engine", "audit", "analytics"],
});

export const irValidatedEscalate = defineEvent("ir.validated_escalate", {
  version: 1,
  module,
  criticality: "CRITICAL",
  severity: "WARNING",
  when: "An IR needs the approval of a human",
  key: byTenant,
  payload: z.strictObject({
    ...validation,
    risk_tier: z.int().min(2).max(3),
    requires_approval: z.literal(true),
    /** Warnings may stand beside the escalation. */
    violations,
    high_risk_steps: z
      .array(
        z.strictObject({
          step_index: z.int().min(0),
          action: z.string().min(1).max(100),
          provider: z.string().min(1).max(100),
          risk_tier: z.int().min(2).max(3),
          reason: z.string().max(500),
        }),
      )
      .max(mostItems),
  }),
  contentHashes,
  legacy: readHashes,
  consumers: ["approval service", "execution engine", "audit", "security monitoring"],
});

export const irValidatedReject = defineEvent("ir.validated_reject", {
  version: 1,
  module,
  criticality: "CRITICAL",
  severity: "ERROR",
  when: "An IR breaks a rule and must not run",
  key: byTenant,
  payload: z.strictObject({
    ...validation,
    /** 0 for an IR that holds no step at all. */
    step_count: z.int().min(0),
    risk_tier: z.int().min(0).max(3),
    requires_approval: z.boolean(),
    violations: violations.min(1),
  }),
  contentHashes,
  legacy: readHashes,
  consumers: ["execution engine", "audit", "security monitoring", "analytics"],
});

const dagDiff = {
  tenant_id: id,
  request_id: z.uuid(),
  ir_hash: sha256,
  dag_hash: sha256,
  step_count: z.int().min(0),
  dag_node_count: z.int().min(0),
  verified_at: isoTime,
};

export const irDagDiffOk = defineEvent("ir.dag_diff_ok", {
  version: 1,
  module,
  criticality: "INFO",
  severity: "INFO",
  when: "The execution graph is the one of the IR",
  key: byTenant,
  payload: z.strictObject({ ...dagDiff, all_hashes_match: z.literal(true) }),
  contentHashes,
  legacy: readHashes,
  consumers: ["execution engine", "audit", "analytics"],
});

/** Hashes are cut to 16 characters and `...`. */
const cutHash = z.string().max(80);

export const irDagDiffFailed = defineEvent("ir.dag_diff_failed", {
  version: 1,
  module,
  criticality: "CRITICAL",
  severity: "CRITICAL",
  when: "The execution graph differs from its IR: tampering is possible and execution is blocked",
  key: byTenant,
  payload: z.strictObject({
    ...dagDiff,
    all_hashes_match: z.literal(false),
    mismatch_details: z.strictObject({
      missing_ir_steps: z.array(z.string().max(255)).max(mostItems),
      extra_dag_nodes: z.array(z.string().max(255)).max(mostItems),
      hash_mismatches: z
        .array(z.strictObject({ step_id: id, expected_hash: cutHash, actual_hash: cutHash }))
        .max(mostItems),
    }),
  }),
  contentHashes,
  legacy: (payload) => ({ ...readHashes(payload), ...readMismatches(payload.mismatch_details) }),
  consumers: ["security monitoring", "execution engine", "incident response", "audit"],
});

/** The documents of the first release name the parts of a mismatch step_index, ir_step_hash and dag_node_hash. */
function readMismatches(details: JsonValue | undefined): JsonObject {
  if (details === undefined || !isJsonObject(details) || !Array.isArray(details.hash_mismatches)) return {};
  const mismatches = details.hash_mismatches.map((mismatch) => {
    if (!isJsonObject(mismatch)) return mismatch;
    const renamed = renameMissing(mismatch, {
      step_index: "step_id",
      ir_step_hash: "expected_hash",
      dag_node_hash: "actual_hash",
    });
    return typeof renamed.step_id === "number" ? { ...renamed, step_id: String(renamed.step_id) } : renamed;
  });
  return { mismatch_details: { ...details, hash_mismatches: mismatches } };
}
