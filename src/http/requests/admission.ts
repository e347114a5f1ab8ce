import { OverloadedError } from "@brain/engine";
import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { AppEnv, Place } from "../host.ts";
import { accessOf } from "../kit/access.ts";
import { createRequestRoom } from "./room.ts";

/*
 * How many requests are in work at once in this isolate. Beyond that a request is refused at once, before anything of it
 * is read. When all places were taken there are fewer for a while: see `room.ts`.
 *
 * There is no queue, on purpose. All that is in work shares one processor and one database, so more at once finishes
 * nothing sooner: each only takes longer, until the callers give up and what was done for them was for nothing. A place in
 * a queue has the same price, and costs memory and an open connection too. A caller that is refused in a millisecond knows
 * that nothing happened and when to come again, and does so at a time of its own.
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

type Kind = "ordinary" | "operator" | "health";

/** @param isOfPage true for what a page of ours asks: whoever looks at the console operates */
function kindOf(c: Context<AppEnv>, isOfPage: (request: Request) => boolean): Kind {
  if (c.req.path === "/api/health") return "health";
  return accessOf(c)?.lane === "operators" || isOfPage(c.req.raw) ? "operator" : "ordinary";
}

/** A place that also tells how long it was needed. */
interface MeasuredPlace extends Place {
  /**
   * Gives it back at the end of the request. One that was given back before waited for something, which says nothing.
   *
   * @param what requests of about the same work
   */
  finish(what: string, succeeded: boolean, nowMs: number): void;
}

export interface Admission {
  /** @returns null when there is no room */
  enter(kind: Kind, nowMs: number): MeasuredPlace | null;
  /** Ordinary requests that may be in work at present. */
  places(nowMs: number): number;
}

interface Work {
  readonly kind: Kind;
  readonly sinceMs: number;
  /** The most that were in work at once meanwhile. */
  peak: number;
}

/** @param most ordinary requests in work at once */
export function createAdmission(most: number): Admission {
  const works = new Set<Work>();
  const room = createRequestRoom(most);
  const roomFor = (kind: Kind, nowMs: number) =>
    kind === "ordinary" ? room.places(nowMs) : kind === "operator" ? most + operatorPlaces : healthPlaces;
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
    const bound = roomFor(kind, nowMs);
    return short >= bound || all >= longFactor * (kind === "ordinary" ? most : bound);
  };
  return {
    places: (nowMs) => room.places(nowMs),
    enter(kind, nowMs) {
      if (works.size >= Math.min(most, healthPlaces) && isFull(kind, nowMs)) {
        if (kind === "ordinary") room.refused(nowMs);
        return null;
      }
      const work: Work = { kind, sinceMs: nowMs, peak: 0 };
      works.add(work);
      for (const other of works) other.peak = Math.max(other.peak, works.size);
      const { promise: left, resolve } = Promise.withResolvers<void>();
      const leave = () => {
        works.delete(work);
        if (works.size === 0) room.idle();
        resolve();
      };
      const finish = (what: string, succeeded: boolean, endMs: number) => {
        if (works.has(work) && kind === "ordinary") {
          room.finished({ kind: what, sinceMs: nowMs, peak: work.peak, succeeded }, endMs);
        }
        leave();
      };
      return { leave, left, finish };
    },
  };
}

/**
 * Refuses what is too much. The number is that of this isolate, because that is what shares a processor; the platform
 * starts more isolates under load.
 *
 * @param isOfPage see `kindOf`
 * @throws {OverloadedError} all places are taken
 */
export function admitRequests(
  places: number,
  isOfPage: (request: Request) => boolean,
): MiddlewareHandler<AppEnv> {
  const admission = createAdmission(places);
  let refused = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return async (c, next) => {
    const { invocation, waitUntil } = c.get("host");
    const nowMs = invocation.now();
    const place = admission.enter(kindOf(c, isOfPage), nowMs);
    if (place === null) {
      refused += 1;
      if (nowMs - toldAtMs >= tellMs) {
        c.get("log").warn(
          { refused, places: admission.places(nowMs), most: places },
          "Too many requests at once: some were refused with 503. BRAIN_REQUESTS_MAX is how many may be in work at most.",
        );
        toldAtMs = nowMs;
        refused = 0;
      }
      const { least, most } = retryAfterMs;
      throw new OverloadedError(Math.round(least + Math.random() * (most - least)));
    }
    c.set("place", place);
    // A client that goes away ends a request on Workers. What is in work goes on, so that its place comes back.
    waitUntil(place.left);
    try {
      await next();
      // What is refused for itself is no measure: it was not worked for.
      if (c.res.status < 400 || c.res.status >= 500) {
        place.finish(workOf(c), c.res.status < 400, invocation.now());
      }
    } finally {
      place.leave();
    }
  };
}

/** Route and size of the body, by powers of two: requests alike in both have about the same work. */
function workOf(c: Context<AppEnv>): string {
  const kibibytes = Number(c.req.header("content-length") ?? 0) / 1_024;
  const size = kibibytes > 1 ? Math.ceil(Math.log2(kibibytes)) : 0;
  return `${c.req.method} ${routePath(c, -1)} ${size}`;
}
