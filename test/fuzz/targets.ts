import { charter, decodeEntry, decodeLogRecord, encodeEntry, parseEnvelope } from "@brain/schemas";
import fc from "fast-check";
import { WebSocket } from "ws";
import { signWebhook } from "../../workers/local/stripe/webhooks.ts";
import {
  anyEvent,
  batchBody,
  bodyOf,
  cloudHeaders,
  contentType,
  logRecord,
  redisRequest,
  sessionBytes,
  signature,
  sqlRequest,
  streamEntry,
  webhookBody,
} from "./cases.ts";

/* What is tried, and what must hold for each case: no fault of ours, and nothing kept of what was refused. */

/** The answer to a request. */
export interface FuzzReply {
  readonly status: number;
  readonly text: string;
}

/** How the system under test is reached. */
export interface Doors {
  /** The API, with the key. */
  api(path: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<FuzzReply>;
  readonly webhookSecret: string;
  readonly upstash: { readonly url: string; readonly token: string };
  /** Its address is that of the gateway, too. */
  readonly neonUrl: string;
  /** Begins every key in Redis. */
  readonly redisKey: string;
}

/** Events that were refused, by what they would be found with. */
export interface Refused {
  readonly correlations: Set<string>;
  readonly ids: Set<string>;
}

export interface Target {
  readonly name: string;
  /** Checks one case after the other, as many as told. @returns how often each outcome was seen */
  run(cases: number, seed: number): Promise<ReadonlyMap<string, number>>;
}

function target<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  check: (given: T) => Promise<string> | string,
): Target {
  return {
    name,
    async run(numRuns, seed) {
      const outcomes = new Map<string, number>();
      const property = fc.asyncProperty(cases, async (given) => {
        const outcome = await check(given);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      });
      await fc.assert(property, { numRuns, seed, endOnFailure: false });
      return outcomes;
    },
  };
}

function requireOurs({ status, text }: FuzzReply): void {
  if (status >= 500) throw new Error(`answered ${status}: ${text.slice(0, 300)}`);
  if (/SQLSTATE|node_modules|\n\s+at /.test(text))
    throw new Error(`shows what is inside: ${text.slice(0, 300)}`);
  const body: unknown = JSON.parse(text);
  if (status >= 400 && (typeof body !== "object" || body === null)) {
    throw new Error(`is an error of another shape: ${text.slice(0, 300)}`);
  }
}

/** The ids of events that a body names, as far as it can be read. */
function idsIn(body: Uint8Array): string[] {
  const text = new TextDecoder().decode(body);
  return [...text.matchAll(/"id":"([0-9a-f-]{36})"/g)].map(([, id = ""]) => id);
}

/** @param refused gets what was refused; whoever runs the targets looks that nothing of it was kept */
function ingestTargets(doors: Doors, refused: Refused): readonly Target[] {
  let number = 0;
  const accepted = new Set<string>();
  const send = async (path: string, headers: Readonly<Record<string, string>>, body: Uint8Array) => {
    number += 1;
    const correlation = `fuzz:${number}`;
    const reply = await doors.api(path, { ...headers, "x-correlation-id": correlation }, body);
    requireOurs(reply);
    if (reply.status >= 400) {
      refused.correlations.add(correlation);
      for (const id of idsIn(body)) if (!accepted.has(id)) refused.ids.add(id);
    } else {
      for (const id of idsIn(new TextEncoder().encode(reply.text))) accepted.add(id);
    }
    return String(reply.status);
  };
  const headers = fc.tuple(contentType, cloudHeaders);
  return [
    target("events one by one", fc.tuple(headers, bodyOf(anyEvent)), ([[type, more], body]) =>
      send("/api/events", { "content-type": type, ...more }, body),
    ),
    target("events in batches", fc.tuple(headers, batchBody), ([[type, more], body]) =>
      send("/api/events/batch", { "content-type": type, ...more }, body),
    ),
  ];
}

function decoderTargets(): readonly Target[] {
  return [
    target("stream entries", streamEntry, (fields) => {
      const decoded = decodeEntry(charter, fields);
      if (!decoded.ok) return decoded.reason;
      // What was read is written and read again as the same.
      const again = decodeEntry(charter, encodeEntry(decoded.event));
      if (!again.ok || again.event.id !== decoded.event.id)
        throw new Error("reads otherwise the second time");
      return "read";
    }),
    target("log records", logRecord, (text) => {
      const decoded = decodeLogRecord(charter, text);
      return decoded.ok ? "read" : decoded.reason;
    }),
    target("envelopes", anyEvent, (given) => {
      try {
        parseEnvelope(charter, given);
        return "taken";
      } catch (error) {
        if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError)
          throw error;
        return "refused";
      }
    }),
  ];
}

function webhookTarget(doors: Doors): Target {
  return target("webhooks of Stripe", fc.tuple(webhookBody, signature), async ([body, given]) => {
    const text = new TextDecoder().decode(body);
    const isText = Buffer.from(text).equals(Buffer.from(body));
    const header =
      given === "good" && isText
        ? signWebhook(doors.webhookSecret, text, Math.floor(Date.now() / 1_000))
        : given;
    const headers = {
      "content-type": "application/json",
      "stripe-signature": header.replace(/[^ -~]/g, "?"),
    };
    const reply = await doors.api("/api/paycore/webhooks/stripe", headers, body);
    requireOurs(reply);
    if (given !== "good" && reply.status < 400)
      throw new Error(`was believed without a signature: ${reply.text}`);
    return `${given === "good" ? "signed" : "not signed"} ${reply.status}`;
  });
}

async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<FuzzReply> {
  const reply = await fetch(url, { method: "POST", headers, body: new Uint8Array(body) });
  return { status: reply.status, text: await reply.text() };
}

function gatewayTargets({ upstash, neonUrl, redisKey }: Doors): readonly Target[] {
  const { host } = new URL(neonUrl);
  const outcome = (reply: FuzzReply, isJson = true) => {
    if (reply.status >= 500) throw new Error(`answered ${reply.status}: ${reply.text.slice(0, 300)}`);
    if (isJson) JSON.parse(reply.text);
    // The gateway refuses in JSON, whatever was asked for.
    else if (!/^[-+:$*{[]/.test(reply.text)) throw new Error(`answered no RESP: ${reply.text.slice(0, 300)}`);
    return String(reply.status);
  };
  return [
    target("Upstash's gateway", redisRequest(redisKey), async ([path, body, more]) => {
      const authorization = `Bearer ${upstash.token}`;
      const reply = await post(upstash.url + path, { authorization, ...more }, body);
      return outcome(reply, !("upstash-response-format" in more));
    }),
    target("Neon's gateway over HTTP", sqlRequest, async ([body, more]) =>
      outcome(await post(`http://${host}/sql`, { "neon-connection-string": neonUrl, ...more }, body)),
    ),
    target("Neon's gateway over WebSocket", sessionBytes, async (messages) => {
      const socket = new WebSocket(`ws://${host}/v2`);
      const ended = new Promise<string>((resolve) => {
        socket.once("close", (code) => resolve(`closed ${code}`));
        socket.once("error", () => resolve("broken off"));
      });
      socket.once("open", () => {
        for (const bytes of messages) socket.send(bytes);
        socket.close();
      });
      const how = await ended;
      // It goes on: the next one is answered.
      const headers = { "neon-connection-string": neonUrl };
      const query = new TextEncoder().encode('{"query":"SELECT 1","params":[]}');
      const after = await post(`http://${host}/sql`, headers, query);
      if (after.status !== 200)
        throw new Error(`answers ${after.status} afterwards: ${after.text.slice(0, 300)}`);
      return how;
    }),
  ];
}

/** Each with its share of the cases, in hundredths. */
export function fuzzTargets(
  doors: Doors,
  refused: Refused,
): readonly { readonly share: number; readonly target: Target }[] {
  const [single, batch] = ingestTargets(doors, refused);
  const [entries, records, envelopes] = decoderTargets();
  const [redis, http, session] = gatewayTargets(doors);
  const shares = [
    [single, 25],
    [batch, 15],
    [entries, 10],
    [records, 5],
    [envelopes, 5],
    [webhookTarget(doors), 15],
    [redis, 10],
    [http, 10],
    [session, 5],
  ] as const;
  return shares.flatMap(([target, share]) => (target === undefined ? [] : [{ share, target }]));
}

/** Rows that were kept of refused events; there must be none. */
export async function keptOf(
  { correlations, ids }: Refused,
  sql: (text: string, params: unknown[]) => Promise<{ id: string; correlation_id: string | null }[]>,
): Promise<readonly string[]> {
  const rows = await sql(
    "SELECT id, correlation_id FROM events WHERE correlation_id = ANY($1) OR id::text = ANY($2)",
    [[...correlations], [...ids]],
  );
  return rows.map(({ id, correlation_id: correlation }) => `${id} of ${correlation}`);
}
