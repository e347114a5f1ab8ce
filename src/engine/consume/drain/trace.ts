import { readTraceContext } from "../../core/telemetry/trace-context.ts";
import { type Span, sampledByLinks, sampledFirst, type Tracer } from "../../core/telemetry/tracer.ts";
import { attemptOf, type Runnable } from "../delivery.ts";

/** The spans of one drain: one of its own, when a handler ran whose span is kept, and one for each call of a handler. */
export interface DrainTrace {
  /** @param handled what the handler is called for, at least one */
  beginHandler(name: string, handled: readonly Runnable[]): Span;
  end(): void;
}

/** Whose drain it is. */
export interface TracedDrain {
  readonly subscriber: string;
  readonly group: string;
  readonly stream: string;
  readonly shard: number;
}

/**
 * Spans of handlers are parts of the drain, which began them, and linked to the spans that published their events. They are
 * kept when one of these is; for events that came without a trace the ratio decides.
 *
 * @param startMs of the drain, Unix ms
 */
export function createDrainTrace(
  tracer: Tracer,
  { subscriber, group, stream, shard }: TracedDrain,
  startMs: number,
): DrainTrace {
  const attributes = {
    "messaging.system": "brain",
    "messaging.destination.name": stream,
    "messaging.destination.partition.id": String(shard),
    "messaging.consumer.group.name": group,
    "brain.subscriber": subscriber,
  };
  let own: Span | null = null;
  const drain = () => {
    own ??= tracer.begin(`drain ${subscriber}`, {
      kind: "consumer",
      attributes: {
        ...attributes,
        "messaging.operation.type": "receive",
        "messaging.operation.name": "drain",
      },
      sampled: true,
      startMs,
    });
    return own;
  };
  return {
    beginHandler(name, handled) {
      const links = sampledFirst(
        handled.map(({ content }) => readTraceContext(content.event.meta.traceparent)),
      );
      const [alone] = handled.length === 1 ? handled : [];
      const event = alone?.content.event;
      const start = {
        kind: "consumer",
        links,
        attributes: {
          ...attributes,
          "messaging.operation.type": "process",
          "messaging.operation.name": "handle",
          "messaging.batch.message_count": alone === undefined ? handled.length : undefined,
          "messaging.message.id": event?.id,
          "messaging.message.conversation_id": event?.correlation_id,
          "brain.event.type": event?.type,
          "brain.stream_message_id": alone?.messageId,
          "brain.attempt": alone === undefined ? undefined : attemptOf(alone),
        },
      } as const;
      const sampled = sampledByLinks(links);
      // A drain of which nothing is kept has no span.
      return tracer.begin(name, { ...start, sampled, parent: sampled === true ? drain().context : null });
    },
    end: () => own?.end(),
  };
}
