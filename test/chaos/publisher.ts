import { setTimeout as delay } from "node:timers/promises";
import type { PublishedEvent } from "./checker.ts";
import type { PlannedRequest } from "./content.ts";
import type { Random } from "./random.ts";

/*
 * What a careful client does: it sends each event under an id of its own and repeats the call with the same id until it
 * has an answer. Events of one key follow each other, the next one only after the answer to the one before.
 */

export interface PublisherOptions {
  /** Addresses of the workers; a repeat may go to another one. */
  readonly urls: readonly [string, ...string[]];
  readonly apiKey: string;
  readonly lanes: readonly (readonly PlannedRequest[])[];
  readonly loadMs: number;
  readonly random: Random;
  /** Ends the load early. */
  readonly signal: AbortSignal;
}

export interface Ledger {
  /** All events that were sent at least once. */
  readonly events: PublishedEvent[];
  /** Calls without an answer that were repeated. */
  repeated: number;
  /** Answers that said: this id is known already. */
  deduplicated: number;
  /** Time of the load, ms. */
  tookMs: number;
}

/** An answer takes no longer than this, ms; then the call is repeated. */
const answerLimitMs = 5_000;

/** Publishes everything, at an even rate over `loadMs` as far as the answers come. @throws {Error} an event was refused */
export async function publishAll(options: PublisherOptions): Promise<Ledger> {
  const startedMs = performance.now();
  const ledger: Ledger = { events: [], repeated: 0, deduplicated: 0, tookMs: 0 };
  await Promise.all(
    options.lanes.map(async (lane) => {
      const random = options.random.fork();
      for (const request of lane) {
        const waitMs = startedMs + request.at * options.loadMs - performance.now();
        if (waitMs > 0) await delay(waitMs, undefined, { signal: options.signal });
        options.signal.throwIfAborted();
        await publishOne(options, random, request, ledger);
      }
    }),
  );
  ledger.tookMs = performance.now() - startedMs;
  return ledger;
}

async function publishOne(
  options: PublisherOptions,
  random: Random,
  request: PlannedRequest,
  ledger: Ledger,
): Promise<void> {
  const inputs = request.events.map((event) => event.input);
  const body = JSON.stringify(inputs.length === 1 ? inputs[0] : inputs);
  const path = inputs.length === 1 ? "/api/events" : "/api/events/batch";
  const send = (limitMs = answerLimitMs) =>
    call(options, `${random.pick(options.urls)}${path}`, body, limitMs);
  const note = (certainty: PublishedEvent["certainty"]) => {
    for (const { input, fates } of request.events) ledger.events.push({ id: input.id, certainty, fates });
  };
  if (request.behaviour === "abandon") {
    const answer = await send(random.whole(1, 40));
    return note(answer === null ? "maybe" : "accepted");
  }
  if (request.behaviour === "ignore-reply") await send();
  if (request.behaviour === "twice") await Promise.all([send(), send()]);
  for (;;) {
    const answer = await send();
    if (answer !== null) {
      ledger.deduplicated += answer;
      return note("accepted");
    }
    ledger.repeated += 1;
    await delay(random.whole(50, 300), undefined, { signal: options.signal });
  }
}

/** @returns the number of events that were known already; null: no answer, or one that says "later" */
async function call(
  options: PublisherOptions,
  url: string,
  body: string,
  limitMs: number,
): Promise<number | null> {
  let status: number;
  let text: string;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${options.apiKey}`, "content-type": "application/json" },
      body,
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(limitMs)]),
    });
    status = answer.status;
    text = await answer.text();
  } catch {
    options.signal.throwIfAborted();
    return null;
  }
  if (status >= 500) return null;
  if (status !== 200 && status !== 202)
    throw new Error(`POST ${url} answered ${status}: ${text.slice(0, 2_000)}`);
  const { deduplicated } = JSON.parse(text) as { deduplicated?: boolean | number };
  return Number(deduplicated ?? 0);
}
