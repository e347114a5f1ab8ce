import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { mostItems } from "../payloads/open-object.ts";
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

const approval = {
  approval_id: z.uuid().describe("The approval."),
  tenant_id: id.describe("The tenant that it belongs to."),
  ir_hash: sha256.describe("Hash of the content of the IR."),
};

export const irApprovalCreated = defineEvent("ir.approval_created", {
  version: 1,
  module,
  criticality: "INFO",
  severity: "INFO",
  when: "An approval was asked for and its token issued",
  key: byTenant,
  payload: z.strictObject({
    ...approval,
    ttl_seconds: ttlSeconds.describe("How long the approval holds, seconds from its creation."),
    expires_at: isoTime.describe("When the approval ends."),
    created_by: id.nullable().describe("Who asked for it; null: not known."),
    created_at: isoTime.describe("When it was asked for."),
  }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { created_by: null }),
  consumers: ["analytics"],
  outside: ["audit", "security monitoring"],
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
    consumed_by: id.nullable().describe("Who used it; null: not known."),
    consumed_at: isoTime.describe("When it was used."),
    time_to_consume_seconds: z.int().min(0).describe("From its creation to its use, seconds."),
    was_expired: z.boolean().describe("Always false: an expired approval is never consumed."),
  }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { consumed_by: null, was_expired: false }),
  consumers: ["analytics", "course_factory"],
  outside: ["execution engine", "audit", "compliance"],
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
    expired_at: isoTime.describe("When it had ended."),
    created_at: isoTime.describe("When it was asked for."),
    ttl_seconds: ttlSeconds.describe("How long the approval holds, seconds from its creation."),
    was_consumed: z.boolean().describe("Always false."),
  }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { was_consumed: false }),
  consumers: ["analytics", "security_monitoring"],
  outside: ["audit", "security monitoring"],
});

export const irApprovalAcknowledged = defineEvent("ir.approval.acknowledged", {
  version: 1,
  module,
  criticality: "INFO",
  severity: "INFO",
  when: "A person has taken note of an approval",
  key: byTenant,
  payload: z.strictObject({
    ...approval,
    acknowledged_by: id.describe("Who took note."),
    acknowledged_at: isoTime.describe("When they took note."),
  }),
  contentHashes,
  consumers: ["analytics"],
  outside: ["audit"],
});

export const irApprovalInvalid = defineEvent("ir.approval_invalid", {
  version: 1,
  module,
  criticality: "WARNING",
  severity: "WARNING",
  when: "The use of an approval was refused",
  consumers: ["analytics", "security_monitoring"],
  key: byTenant,
  payload: z
    .strictObject({
      tenant_id: id.describe("The requested tenant and hash; the stored ones for `already_consumed`."),
      ir_hash: sha256.describe("Hash of the IR that was to be run; the stored one for `already_consumed`."),
      reason: z
        .enum(["token_not_found", "tenant_mismatch", "ir_hash_mismatch", "already_consumed"])
        .describe("Why it was refused."),
      attempted_by: id.nullable().describe("Who tried to use it; null: not known."),
      attempted_at: isoTime.describe("When they tried."),
      approval_id: z.uuid().nullable().describe("Null only for `token_not_found`."),
    })
    .refine((payload) => (payload.approval_id === null) === (payload.reason === "token_not_found"), {
      path: ["approval_id"],
      message: "expected null for the reason token_not_found and an id for every other reason",
    }),
  contentHashes,
  legacy: (payload) => fillMissing(readHashes(payload), { attempted_by: null, approval_id: null }),
  outside: ["security monitoring", "audit", "incident response"],
});

const validation = {
  tenant_id: id.describe("The tenant that it belongs to."),
  request_id: z.uuid().describe("The request that the IR came with."),
  ir_hash: sha256.describe("Hash of the content of the IR."),
  validated_at: isoTime.describe("When the IR was validated."),
  step_count: z.int().min(1).describe("Steps of the IR."),
};
const violation = z.strictObject({
  step_index: z.int().min(0).nullable().describe("The step, from 0; null: the plan as a whole."),
  code: z.string().min(1).max(100).describe("The rule that is broken."),
  message: z.string().max(1000).describe("What is wrong, for people."),
  severity: z.enum(["ERROR", "WARNING"]).describe("`ERROR` forbids the run, `WARNING` does not."),
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
    risk_tier: z.int().min(0).max(1).describe("Highest risk of its steps, 0 (safe) to 3."),
    requires_approval: z.literal(false).describe("False: it may run at once."),
    violations: z.array(violation).max(0).describe("Always empty."),
  }),
  contentHashes,
  legacy: readHashes,
  consumers: ["analytics"],
  outside: ["execution engine", "audit"],
});

export const irValidatedEscalate = defineEvent("ir.validated_escalate", {
  version: 1,
  module,
  criticality: "CRITICAL",
  severity: "WARNING",
  when: "An IR needs the approval of a human",
  consumers: ["analytics", "security_monitoring"],
  key: byTenant,
  payload: z.strictObject({
    ...validation,
    risk_tier: z.int().min(2).max(3).describe("Highest risk of its steps, 0 (safe) to 3."),
    requires_approval: z.literal(true).describe("True: a person has to approve it."),
    violations: violations.describe("Warnings may stand beside the escalation."),
    high_risk_steps: z
      .array(
        z.strictObject({
          step_index: z.int().min(0).describe("The step, from 0."),
          action: z.string().min(1).max(100).describe("What the step does."),
          provider: z.string().min(1).max(100).describe("With what it does it."),
          risk_tier: z.int().min(2).max(3).describe("Risk of the step."),
          reason: z.string().max(500).describe("Why the risk is that high, for people."),
        }),
      )
      .max(mostItems)
      .describe("The steps for whose sake it needs an approval."),
  }),
  contentHashes,
  legacy: readHashes,
  outside: ["approval service", "execution engine", "audit", "security monitoring"],
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
    step_count: z.int().min(0).describe("0 for an IR that holds no step at all."),
    risk_tier: z.int().min(0).max(3).describe("Highest risk of its steps, 0 (safe) to 3."),
    requires_approval: z.boolean().describe("Whether it would have needed an approval, had it been valid."),
    violations: violations.min(1).describe("The rules that it breaks, and warnings."),
  }),
  contentHashes,
  legacy: readHashes,
  consumers: ["analytics", "security_monitoring"],
  outside: ["execution engine", "audit", "security monitoring"],
});

const dagDiff = {
  tenant_id: id.describe("The tenant that it belongs to."),
  request_id: z.uuid().describe("The request that the IR came with."),
  ir_hash: sha256.describe("Hash of the content of the IR."),
  dag_hash: sha256.describe("Hash of the execution graph."),
  step_count: z.int().min(0).describe("Steps of the IR."),
  dag_node_count: z.int().min(0).describe("Nodes of the execution graph."),
  verified_at: isoTime.describe("When the two were compared."),
};

export const irDagDiffOk = defineEvent("ir.dag_diff_ok", {
  version: 1,
  module,
  criticality: "INFO",
  severity: "INFO",
  when: "The execution graph is the one of the IR",
  key: byTenant,
  payload: z.strictObject({
    ...dagDiff,
    all_hashes_match: z.literal(true).describe("True: each step is the one of the IR."),
  }),
  contentHashes,
  legacy: readHashes,
  consumers: ["analytics"],
  outside: ["execution engine", "audit"],
});

/** Hashes are cut to 16 characters and `...`. */
const cutHash = z.string().max(80);

export const irDagDiffFailed = defineEvent("ir.dag_diff_failed", {
  version: 1,
  module,
  criticality: "CRITICAL",
  severity: "CRITICAL",
  when: "The execution graph differs from its IR: tampering is possible and execution is blocked",
  consumers: ["analytics", "security_monitoring"],
  key: byTenant,
  payload: z.strictObject({
    ...dagDiff,
    all_hashes_match: z.literal(false).describe("False: something differs."),
    mismatch_details: z
      .strictObject({
        missing_ir_steps: z
          .array(z.string().max(255))
          .max(mostItems)
          .describe("Steps of the IR that the graph lacks."),
        extra_dag_nodes: z
          .array(z.string().max(255))
          .max(mostItems)
          .describe("Nodes of the graph that are no step of the IR."),
        hash_mismatches: z
          .array(
            z.strictObject({
              step_id: id.describe("The step."),
              expected_hash: cutHash.describe("Hash of the step in the IR, cut to 16 characters and `...`."),
              actual_hash: cutHash.describe("Hash of the node in the graph, cut to 16 characters and `...`."),
            }),
          )
          .max(mostItems)
          .describe("Steps that stand in both and differ."),
      })
      .describe("Where they differ."),
  }),
  contentHashes,
  legacy: (payload) => ({ ...readHashes(payload), ...readMismatches(payload.mismatch_details) }),
  outside: ["security monitoring", "execution engine", "incident response", "audit"],
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
