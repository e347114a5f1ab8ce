import { defineJob, noteAnnounced, type ScheduledJob, sealsToAnnounce, TransientError } from "@brain/engine";
import { callOutside } from "../call-outside.ts";
import { signedHeaders } from "../signed-webhook.ts";
import type { AuditLogSettings } from "./settings.ts";

/** Time limit of one call, ms. */
const timeoutMs = 5_000;
/** Roots sent in one run. */
const rootsAtOnce = 20;

/**
 * Sends the root of each sealed day outside, as JSON signed by Standard Webhooks, at least once and in their order: whoever
 * makes the chain anew cannot take back what stands there.
 */
export function tellRoots({ roots }: AuditLogSettings): ScheduledJob {
  return defineJob({
    name: "audit_roots",
    async run({ db, now, isOver }) {
      if (roots === null) return null;
      for (const seal of await sealsToAnnounce(db, rootsAtOnce)) {
        if (isOver()) return now();
        await send(roots, seal, now());
        await noteAnnounced(db, seal.day);
      }
      return null;
    },
  });
}

async function send(
  { url, secret }: NonNullable<AuditLogSettings["roots"]>,
  { day, root, previous, rows, sealed_at }: Awaited<ReturnType<typeof sealsToAnnounce>>[number],
  at: Date,
): Promise<void> {
  const body = JSON.stringify({
    type: "audit.day.sealed",
    timestamp: sealed_at,
    data: { day, root, previous, rows },
  });
  const headers = {
    "content-type": "application/json",
    ...signedHeaders([secret], `audit_${day}`, at, body),
  };
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await callOutside(url, { method: "POST", headers, body, signal }).catch(
    (error: unknown) => {
      throw new TransientError("The receiver of audit roots could not be reached.", { cause: error });
    },
  );
  await response.body?.cancel();
  if (response.ok) return;
  throw new TransientError(
    `The receiver of audit roots answered with status ${response.status}. Expected 2xx; look at BRAIN_AUDIT_URL.`,
  );
}
