import { irApprovalInvalid, irDagDiffFailed } from "@brain/schemas";
import goldens from "../../../schemas/fixtures/released.json" with { type: "json" };
import type { TestEngine } from "../../engine.ts";

export const subscriber = "security_monitoring";

type Invalid = "token_not_found" | "tenant_mismatch" | "ir_hash_mismatch" | "already_consumed";

/** A refused use of an approval. @param minute at which it happened, in an hour of its own */
export async function refuse(
  engine: TestEngine,
  {
    tenant = "acme",
    by = null,
    reason = "already_consumed",
    minute = 0,
  }: {
    readonly tenant?: string;
    readonly by?: string | null;
    readonly reason?: Invalid;
    readonly minute?: number;
  } = {},
): Promise<void> {
  const at = new Date(Date.parse("2026-11-20T10:00:00.000Z") + minute * 60_000).toISOString();
  await engine.publish({ source: "ir_governance", tenant_id: tenant }, async (publish) => {
    await publish(irApprovalInvalid, {
      tenant_id: tenant,
      ir_hash: "a".repeat(64),
      reason,
      attempted_by: by,
      attempted_at: at,
      approval_id: reason === "token_not_found" ? null : crypto.randomUUID(),
    });
  });
  // The time of an event is when it is published; here it is another one.
  await engine.sql(
    "UPDATE events SET occurred_at = $1::timestamptz WHERE position = (SELECT max(position) FROM events)",
    [at],
  );
}

export async function tamper(engine: TestEngine, tenant = "acme"): Promise<string> {
  const payload = (goldens as Record<string, Record<string, unknown>>)["ir.dag_diff_failed@1"];
  let id = "";
  await engine.publish({ source: "ir_governance", tenant_id: tenant }, async (publish) => {
    const event = await publish(irDagDiffFailed, { ...payload, tenant_id: tenant } as never);
    id = event.id;
  });
  return id;
}

/** Relays, and has this module handle what came. */
export async function watch(engine: TestEngine): Promise<void> {
  await engine.relay();
  await engine.drain(subscriber);
}

/** All that was found, without what differs from run to run. */
export const found = (engine: TestEngine) =>
  engine.sql(`SELECT kind, subject, severity, tenant_id, count, to_jsonb(event_ids) AS event_ids,
    to_char(first_seen_at AT TIME ZONE 'UTC', 'HH24:MI') AS first, to_char(last_seen_at AT TIME ZONE 'UTC', 'HH24:MI') AS last
    FROM alerts WHERE kind <> 'dead_letters' ORDER BY kind, subject`);
