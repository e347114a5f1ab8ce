import type { Clock } from "../core/clock.ts";
import { hexOf } from "../core/encoding/hex.ts";
import type { Logger } from "../core/telemetry/log.ts";
import { createSpans, type FinishedSpan, type Tracer } from "../core/telemetry/tracer.ts";
import type { TraceSettings, TraceTarget } from "./trace-settings.ts";

/** Spans that wait to be sent, at most; what is beyond is dropped and counted. */
const maxWaiting = 2_048;
/** Spans of one request, at most. */
const maxSent = 512;
/** Requests of one flush, at most: whoever flushes has other work to end. */
const maxRequests = 4;
/** A flush waits for what ends next, so that a busy isolate sends a request for many spans, ms. */
const gatherMs = 200;
/** After a failure nothing is sent for a while, doubled up to the last, ms. */
const firstPauseMs = 1_000;
const lastPauseMs = 60_000;

const randomHex = (bytes: number) => hexOf(crypto.getRandomValues(new Uint8Array(bytes)));

/**
 * A tracer that keeps spans in the isolate and sends them behind the answers. A collector that is slow or down costs
 * nothing but spans: they are bounded, and those that were dropped are told to the next collector that answers, and to the
 * log.
 *
 * @returns null when nobody traces
 */
export function openTracer(settings: TraceSettings | undefined, log: Logger, now: Clock): Tracer | null {
  const endpoint = settings?.endpoint ?? null;
  return settings === undefined || endpoint === null
    ? null
    : createTracer({ ...settings, endpoint }, log, now);
}

function createTracer(settings: TraceTarget, log: Logger, now: Clock): Tracer {
  const waiting: FinishedSpan[] = [];
  let dropped = 0;
  let untold = 0;
  let pauseMs = 0;
  let notBeforeMs = 0;
  const drop = (count: number) => {
    dropped += count;
    untold += count;
  };
  const keep = (spans: readonly FinishedSpan[]) => {
    const room = Math.max(0, maxWaiting - waiting.length);
    waiting.push(...spans.slice(0, room));
    drop(Math.max(0, spans.length - room));
  };
  const fail = (spans: readonly FinishedSpan[], reason: string, isWorthAnotherTry: boolean) => {
    if (isWorthAnotherTry) keep(spans);
    else drop(spans.length);
    pauseMs = Math.min(lastPauseMs, Math.max(firstPauseMs, 2 * pauseMs));
    notBeforeMs = now() + pauseMs;
    log.warn(
      { waiting: waiting.length, dropped: untold, pause_ms: pauseMs },
      `Spans could not be sent to OTEL_EXPORTER_OTLP_ENDPOINT: ${reason}`,
    );
    untold = 0;
  };
  return {
    ...createSpans({ ratio: settings.ratio, now, randomHex, collect: (span) => keep([span]) }),
    async flush() {
      if (waiting.length === 0 || now() < notBeforeMs) return;
      await new Promise((resolve) => setTimeout(resolve, gatherMs));
      for (
        let requests = 0;
        requests < maxRequests && waiting.length > 0 && now() >= notBeforeMs;
        requests += 1
      ) {
        const spans = waiting.splice(0, maxSent);
        const told = dropped;
        try {
          const { sendSpans } = await import("./otlp.ts");
          const outcome = await sendSpans(settings, spans, told);
          if (outcome.kind === "refused") {
            fail(spans, outcome.reason, outcome.isWorthAnotherTry);
            return;
          }
          dropped -= told;
          pauseMs = 0;
        } catch (error) {
          fail(spans, error instanceof Error ? `${error.name}: ${error.message}` : String(error), true);
          return;
        }
      }
    },
  };
}
