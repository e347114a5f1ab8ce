import { readTraceContext, type TraceContext } from "../core/telemetry/trace-context.ts";
import { sampledByLinks, sampledFirst } from "../core/telemetry/tracer.ts";
import type { EnvelopeRow } from "../publish/record.ts";
import type { RelayDeps } from "./relay-deps.ts";
import type { Batch, Sent } from "./send-batch.ts";

/** Sends a batch within a span that is linked to those that published its events. */
export async function traced(
  { tracer, keys }: Pick<RelayDeps, "tracer" | "keys">,
  shard: number,
  { rows }: Batch,
  send: () => Promise<Sent>,
): Promise<Sent> {
  if (tracer === null || tracer === undefined) return send();
  const links = sampledFirst(rows.map(contextOf));
  const stream = keys.stream(shard);
  const span = tracer.begin(`send ${stream}`, {
    kind: "producer",
    links,
    sampled: sampledByLinks(links),
    attributes: {
      "messaging.system": "brain",
      "messaging.operation.type": "send",
      "messaging.operation.name": "relay",
      "messaging.destination.name": stream,
      "messaging.destination.partition.id": String(shard),
      "messaging.batch.message_count": rows.length,
    },
  });
  try {
    const sent = await send();
    if (sent.kind !== "sent") span.set({ "brain.relay.outcome": sent.kind });
    return sent;
  } catch (error) {
    span.fail(error instanceof Error ? error.name : typeof error, "The batch was not sent.");
    throw error;
  } finally {
    span.end();
  }
}

function contextOf({ meta }: EnvelopeRow): TraceContext | null {
  if (!meta.includes('"traceparent"')) return null;
  const { traceparent } = JSON.parse(meta) as { readonly traceparent?: unknown };
  return readTraceContext(typeof traceparent === "string" ? traceparent : null);
}
