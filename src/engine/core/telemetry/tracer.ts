import { isInRatio, type TraceContext } from "./trace-context.ts";

/*
 * Spans: what a piece of work was, how long it took and what it belongs to, in the words of OpenTelemetry. Pure: whoever
 * collects them is given.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";
export type SpanAttributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SpanStart {
  readonly kind: SpanKind;
  /** Left out or null: the span begins a trace. */
  readonly parent?: TraceContext | null;
  /** What it belongs to without being a part of it, e.g. the spans that produced what it consumes. */
  readonly links?: readonly TraceContext[];
  readonly attributes?: SpanAttributes;
  /** Whether it is kept. Left out: as the parent says, and without one by the ratio. */
  readonly sampled?: boolean | undefined;
  /** Unix ms; left out: now. */
  readonly startMs?: number;
}

export interface Span {
  /** For what it causes. */
  readonly context: TraceContext;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** It did not succeed. @param type class of the error @param message no payloads */
  fail(type: string, message: string): void;
  /** Once; later calls do nothing. */
  end(): void;
}

/** A span that has ended. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: TraceContext;
  readonly parentSpanId: string | null;
  readonly links: readonly TraceContext[];
  readonly attributes: SpanAttributes;
  /** Null: it succeeded. */
  readonly failure: string | null;
  /** Unix ms. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface Tracer {
  begin(name: string, start: SpanStart): Span;
  /** Sends what has ended, with what ends meanwhile. Never throws, and takes some seconds at most. */
  flush(): Promise<void>;
}

/** Links of one span, at most: a batch may have a thousand events. */
const maxLinks = 128;

/**
 * Links to where each of some events was published, each once; those that are kept first, because there is room for some
 * only.
 *
 * @param contexts null: the event came without a trace
 */
export function sampledFirst(contexts: Iterable<TraceContext | null>): readonly TraceContext[] {
  const links = new Map<string, TraceContext>();
  for (const context of contexts) if (context !== null) links.set(context.spanId, context);
  return [...links.values()].toSorted((a, b) => Number(b.sampled) - Number(a.sampled));
}

/** Whether a span with these links is kept: when one of them is; without any the ratio decides. */
export function sampledByLinks(links: readonly TraceContext[]): boolean | undefined {
  return links.length === 0 ? undefined : links.some(({ sampled }) => sampled);
}

export interface TracerParts {
  /** Share of the traces begun here that are kept, 0 to 1. */
  readonly ratio: number;
  readonly now: () => number;
  /** As many random bytes, as hexadecimal digits. */
  readonly randomHex: (bytes: number) => string;
  /** Gets each span that is kept when it ends. */
  readonly collect: (span: FinishedSpan) => void;
}

export function createSpans({ ratio, now, randomHex, collect }: TracerParts): Omit<Tracer, "flush"> {
  return {
    begin(firstName, { kind, parent = null, links = [], attributes = {}, sampled, startMs = now() }) {
      const traceId = parent?.traceId ?? randomHex(16);
      const context: TraceContext = {
        traceId,
        spanId: randomHex(8),
        sampled: sampled ?? parent?.sampled ?? isInRatio(traceId, ratio),
        state: parent?.state ?? null,
      };
      let name = firstName;
      let all = attributes;
      let failure: string | null = null;
      let isOver = false;
      return {
        context,
        rename(better) {
          name = better;
        },
        set(more) {
          if (context.sampled) all = { ...all, ...more };
        },
        fail(type, message) {
          all = { ...all, "error.type": type };
          failure = message.slice(0, 500);
        },
        end() {
          if (isOver) return;
          isOver = true;
          if (!context.sampled) return;
          const parentSpanId = parent?.spanId ?? null;
          const own = links.slice(0, maxLinks);
          collect({
            name,
            kind,
            context,
            parentSpanId,
            links: own,
            attributes: all,
            failure,
            startMs,
            endMs: now(),
          });
        },
      };
    },
  };
}
