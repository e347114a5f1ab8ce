/*
 * W3C Trace Context: how the parts of one trace find together over programs.
 *
 * @see https://www.w3.org/TR/trace-context/
 */

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the span that goes on here: 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whoever began the trace keeps its spans. */
  readonly sampled: boolean;
  /** What systems on the way passed along, for each other; null: nothing. */
  readonly state: string | null;
}

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Longest tracestate that is passed on, characters: as much as everybody must be able to. */
const maxStateLength = 512;
/** Printable ASCII. */
const stateShape = /^[ -~]+$/;

/**
 * Reads both headers, or what stands for them in an event. As the standard asks, invalid headers count as missing: a
 * trace is no reason to refuse anything.
 */
export function readTraceContext(
  traceparent: string | null | undefined,
  tracestate?: unknown,
): TraceContext | null {
  const [, version = "ff", traceId = "", spanId = "", flags = "", more] = shape.exec(traceparent ?? "") ?? [];
  // A later version may have more behind the four parts; this one has not.
  const isWrong = version === "ff" || (version === "00" && more !== undefined);
  if (isWrong || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  const isState =
    typeof tracestate === "string" && tracestate.length <= maxStateLength && stateShape.test(tracestate);
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: isState ? tracestate : null,
  };
}

export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** The fields of an event's `meta`, and of what is published, that carry a trace on; none for null. */
export function traceMeta(context: TraceContext | null | undefined): {
  readonly traceparent?: string;
  readonly tracestate?: string;
} {
  if (context === null || context === undefined) return {};
  const { state } = context;
  return { traceparent: traceparentOf(context), ...(state === null ? {} : { tracestate: state }) };
}

/** The same decision in every program that is asked for this trace. @param ratio 0 to 1 */
export function isInRatio(traceId: string, ratio: number): boolean {
  // The last 7 bytes are random in every version: https://www.w3.org/TR/trace-context-2/#random-trace-id-flag
  return Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52;
}
