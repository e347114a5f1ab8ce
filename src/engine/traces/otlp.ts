import type { TraceContext } from "../core/telemetry/trace-context.ts";
import type { FinishedSpan, SpanAttributes, SpanKind } from "../core/telemetry/tracer.ts";
import type { TraceTarget } from "./trace-settings.ts";

/*
 * Spans as OTLP over HTTP, in its JSON form; loaded when the first ones are sent. It is of our own, and no more than a
 * request and a shape. The exporters of OpenTelemetry's SDK keep timers between requests, which Workers do not allow, and
 * weigh as much as our engine: they come with its API, its resources and its three signals.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */

/** A collector that takes longer is down, ms. */
const timeoutMs = 5_000;

export type SendOutcome =
  | { readonly kind: "sent" }
  | { readonly kind: "refused"; readonly reason: string; readonly isWorthAnotherTry: boolean };

/** What the specification says may be tried again. */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * @param dropped spans that were lost before, to be told
 * @throws {Error} the collector cannot be reached, or does not answer in time
 */
export async function sendSpans(
  settings: TraceTarget,
  spans: readonly FinishedSpan[],
  dropped: number,
): Promise<SendOutcome> {
  const { endpoint } = settings;
  const url = new URL("v1/traces", endpoint.endsWith("/") ? endpoint : `${endpoint}/`);
  // biome-ignore lint/style/noRestrictedGlobals: it follows no redirect
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...settings.headers },
    body: JSON.stringify(toRequest(settings.serviceName, spans, dropped)),
    signal: AbortSignal.timeout(timeoutMs),
    redirect: "manual",
  });
  await response.body?.cancel();
  if (response.ok) return { kind: "sent" };
  return {
    kind: "refused",
    reason: `it answered ${response.status}`,
    isWorthAnotherTry: retryable.has(response.status),
  };
}

/** `ExportTraceServiceRequest` of the published schema. */
function toRequest(serviceName: string, spans: readonly FinishedSpan[], dropped: number) {
  return {
    resourceSpans: [
      {
        resource: {
          attributes: attributesOf({
            "service.name": serviceName,
            "brain.dropped_spans": dropped === 0 ? undefined : dropped,
          }),
        },
        scopeSpans: [{ scope: { name: "brain-eventstream" }, spans: spans.map(toSpan) }],
      },
    ],
  };
}

const kinds: Readonly<Record<SpanKind, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};

function toSpan({
  name,
  kind,
  context,
  parentSpanId,
  links,
  attributes,
  failure,
  startMs,
  endMs,
}: FinishedSpan) {
  return {
    ...idsOf(context),
    ...(parentSpanId === null ? {} : { parentSpanId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: attributesOf(attributes),
    links: links.map(idsOf),
    status: failure === null ? {} : { code: 2, message: failure },
  };
}

function idsOf({ traceId, spanId, state }: TraceContext) {
  return { traceId, spanId, ...(state === null ? {} : { traceState: state }) };
}

/** 64-bit numbers are texts in JSON. */
function nanos(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n);
}

function attributesOf(attributes: SpanAttributes) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: string | number | boolean) {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
