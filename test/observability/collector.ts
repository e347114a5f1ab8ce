import { text as readText } from "node:stream/consumers";
/**
 * A collector of traces on this machine. It takes what the published schema of OTLP has in its JSON form, and nothing
 * else: ids in hexadecimal, 64-bit numbers as texts, enums as numbers, no field that the schema does not know.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */

import { createServer } from "node:http";
import * as z from "zod";
import { closeServer, listenOnLoopback } from "../../workers/local/ports.ts";
import { answering } from "../answering.ts";
import { waitFor } from "../wait-for.ts";

const traceId = z.string().regex(/^(?!0+$)[0-9a-f]{32}$/);
const spanId = z.string().regex(/^(?!0+$)[0-9a-f]{16}$/);
const uint64 = z.string().regex(/^\d{1,20}$/);
const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d{1,19}$/) }),
  z.strictObject({ doubleValue: z.number() }),
]);
const attributes = z.array(z.strictObject({ key: z.string().min(1), value: anyValue }));
const link = z.strictObject({ traceId, spanId, traceState: z.string().optional() });
const span = z.strictObject({
  traceId,
  spanId,
  parentSpanId: spanId.optional(),
  traceState: z.string().optional(),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes,
  links: z.array(link),
  status: z.strictObject({ code: z.literal(2).optional(), message: z.string().optional() }),
});
const exportRequest = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.array(
        z.strictObject({ scope: z.strictObject({ name: z.string() }), spans: z.array(span) }),
      ),
    }),
  ),
});

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** Span ids. */
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** What the status says of a failure; null: it succeeded. */
  readonly failure: string | null;
  readonly tookMs: number;
}

export interface Collector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Of each request: its headers, and what its resource says. */
  readonly requests: readonly {
    readonly headers: Readonly<Record<string, unknown>>;
    readonly resource: Readonly<Record<string, unknown>>;
  }[];
  /** What did not fit the schema. */
  readonly faults: readonly string[];
  /** Answers with this from now on; `hang`: not at all. */
  answer(how: number | "hang"): void;
  /** The first span that fits, once it has come. */
  wait(what: string, isIt: (span: CollectedSpan) => boolean): Promise<CollectedSpan>;
  close(): Promise<void>;
}

function plain(list: z.infer<typeof attributes>): Record<string, string | number | boolean> {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      if ("intValue" in value) return [key, Number(value.intValue)];
      return [key, Object.values(value)[0] ?? ""];
    }),
  );
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const requests: Collector["requests"][number][] = [];
  const faults: string[] = [];
  let answer: number | "hang" = 200;
  const take = (text: string, headers: Record<string, unknown>) => {
    const parsed = exportRequest.safeParse(JSON.parse(text));
    if (!parsed.success) return void faults.push(parsed.error.message);
    for (const { resource, scopeSpans } of parsed.data.resourceSpans) {
      requests.push({ headers, resource: plain(resource.attributes) });
      for (const one of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({
          traceId: one.traceId,
          spanId: one.spanId,
          parentSpanId: one.parentSpanId ?? null,
          name: one.name,
          kind: one.kind,
          links: one.links.map((own) => own.spanId),
          attributes: plain(one.attributes),
          failure: one.status.code === 2 ? (one.status.message ?? "") : null,
          tookMs: Number((BigInt(one.endTimeUnixNano) - BigInt(one.startTimeUnixNano)) / 1_000_000n),
        });
      }
    }
  };
  const server = createServer(
    answering(async (incoming, outgoing) => {
      const body = await readText(incoming);
      if (answer === "hang") return;
      if (incoming.url !== "/v1/traces") faults.push(`asked for ${incoming.url}`);
      if (answer === 200) take(body, incoming.headers);
      outgoing.writeHead(answer, { "content-type": "application/json" }).end("{}");
    }),
  );
  const port = await listenOnLoopback(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    faults,
    answer(how) {
      answer = how;
    },
    async wait(what, isIt) {
      const found = await waitFor(
        what,
        () => spans.find(isIt) ?? null,
        (seen) => seen !== null || faults.length > 0,
      );
      if (found === null) throw new Error(`${what}: ${faults.join("\n")}`);
      return found;
    },
    close: () => closeServer(server),
  };
}
