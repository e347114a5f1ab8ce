import { OverloadedError } from "@brain/engine";
import type { MiddlewareHandler } from "hono";
import type { AppEnv, Place } from "./host.ts";

/*
 * How many requests are in work at once in this isolate. Beyond that a request is refused at once, before anything of it
 * is read.
 *
 * There is no queue, on purpose. All that is in work shares one processor, so more at once finishes nothing sooner: each
 * only takes longer, until the callers give up and what was done for them was for nothing. A place in a queue has the
 * same price, and costs memory and an open connection too. A caller that is refused in a millisecond knows that nothing
 * happened and when to come again, and does so at a time of its own.
 *
 * What handles events is not counted here. It needs little of the processor for each event, the less the more there are
 * in a batch, and gets its share because so few requests compete with it.
 */

/** Places beyond the ordinary ones, for those who have to see and steer the system when it is full. */
const operatorPlaces = 8;
const healthPlaces = 4;
/**
 * A request that is in work for longer waits for somebody else, e.g. for a model that writes a text, and takes no part of
 * the processor. It gives way to another, up to `longFactor` times the places in all, ms.
 */
const longMs = 2_000;
const longFactor = 8;
/** An invocation may be ended without a word; so long after its begin its place counts as free, ms. */
const goneMs = 300_000;
/** A caller comes back after a time between these, ms; all at once would be the same load again. */
const retryAfterMs = { least: 250, most: 1_000 };
/** Refusals are told in the log once in this time, ms. */
const tellMs = 10_000;

/** What is read of a body that is refused, and for how long, ms. */
const discardBytes = 1_048_576;
const discardMs = 1_000;

/** Where operators steer. */
const operatorPath =
  /^\/api\/(alerts|consumers|dead-letters|maintenance|operator-actions|replays|events\/stats)(\/|$)/;

type Kind = "ordinary" | "operator" | "health";

function kindOf(path: string): Kind {
  if (path === "/api/health") return "health";
  return operatorPath.test(path) ? "operator" : "ordinary";
}

export interface Admission {
  /** @returns null when there is no room */
  enter(kind: Kind, nowMs: number): Place | null;
}

interface Work {
  readonly kind: Kind;
  readonly sinceMs: number;
}

/** @param places ordinary requests in work at once */
export function createAdmission(places: number): Admission {
  const works = new Set<Work>();
  const roomFor: Readonly<Record<Kind, number>> = {
    ordinary: places,
    operator: places + operatorPlaces,
    health: healthPlaces,
  };
  const isFull = (kind: Kind, nowMs: number) => {
    let short = 0;
    let all = 0;
    for (const work of works) {
      const ageMs = nowMs - work.sinceMs;
      if (ageMs > goneMs) works.delete(work);
      else if ((kind === "health") === (work.kind === "health")) {
        all += 1;
        if (ageMs < longMs) short += 1;
      }
    }
    return short >= roomFor[kind] || all >= longFactor * roomFor[kind];
  };
  return {
    enter(kind, nowMs) {
      if (works.size >= Math.min(places, healthPlaces) && isFull(kind, nowMs)) return null;
      const work = { kind, sinceMs: nowMs };
      works.add(work);
      const { promise: left, resolve } = Promise.withResolvers<void>();
      const leave = () => {
        works.delete(work);
        resolve();
      };
      return { leave, left };
    },
  };
}

/**
 * Takes what the client is sending, as far as that is little and comes at once. A connection that is closed over a body
 * that nobody read is reset, and the answer is lost with it.
 */
async function discard(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, discardMs, null);
  });
  try {
    for (let bytes = 0; bytes <= discardBytes; ) {
      const chunk = await Promise.race([reader.read(), late]);
      if (chunk === null || chunk.done) break;
      bytes += chunk.value.length;
    }
  } catch {
    // The client has gone; nobody waits for the answer.
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
  }
}

/**
 * Refuses what is too much. The number is that of this isolate, because that is what shares a processor; the platform
 * starts more isolates under load.
 *
 * @throws {OverloadedError} all places are taken
 */
export function admitRequests(places: number): MiddlewareHandler<AppEnv> {
  const admission = createAdmission(places);
  let refused = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return async (c, next) => {
    const { invocation, waitUntil } = c.get("host");
    const nowMs = invocation.now();
    const place = admission.enter(kindOf(c.req.path), nowMs);
    if (place === null) {
      refused += 1;
      if (nowMs - toldAtMs >= tellMs) {
        c.get("log").warn(
          { refused, places },
          "Too many requests at once: some were refused with 503. BRAIN_REQUESTS_MAX is how many may be in work.",
        );
        toldAtMs = nowMs;
        refused = 0;
      }
      await discard(c.req.raw.body);
      const { least, most } = retryAfterMs;
      throw new OverloadedError(Math.round(least + Math.random() * (most - least)));
    }
    c.set("place", place);
    // A client that goes away ends a request on Workers. What is in work goes on, so that its place comes back.
    waitUntil(place.left);
    try {
      await next();
    } finally {
      place.leave();
    }
  };
}
