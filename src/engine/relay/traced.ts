import { readTraceContext, type TraceContext } from "../core/trace-context.ts";
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
  const links = linksOf(rows);
  const stream = keys.stream(shard);
  const span = tracer.begin(`send ${stream}`, {
    kind: "producer",
    links,
    // One that is kept keeps the batch; without any the ratio decides.
    sampled: links.length === 0 ? undefined : links.some(({ sampled }) => sampled),
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

/** The contexts of the events, each once. */
function linksOf(rows: readonly EnvelopeRow[]): TraceContext[] {
  const links = new Map<string, TraceContext>();
  for (const { meta } of rows) {
    if (!meta.includes('"traceparent"')) continue;
    const { traceparent } = JSON.parse(meta) as { readonly traceparent?: unknown };
    const context = readTraceContext(typeof traceparent === "string" ? traceparent : null);
    if (context !== null) links.set(context.spanId, context);
  }
  // Those that are kept first: there is room for some only.
  return [...links.values()].toSorted((a, b) => Number(b.sampled) - Number(a.sampled));
}
