/*
 * How many requests may be in work at once in a rush, found out from how long they take.
 *
 * A fixed number fits no machine: what shares one processor is slower with each further request, and what waits for a
 * database far away is not. But whatever they queue for, the processor, the gateway or the connections of the database:
 * rate x time = requests in work. The rate at which requests end, times what they usually take, is how many of them keep
 * everything busy with nobody queueing; more only wait for each other. So in a rush there are somewhat more places than that.
 *
 * That others wait is no reason to refuse anybody: many callers may come at once, and go again. It becomes one when all
 * places are taken; and ends when nobody is in work, or had to be refused for a while.
 *
 * What is usual is learned from requests with few others beside them. In a long rush there are none, so from time to time
 * there are few places for a moment: without that look the rush itself would become what is usual, and the places many.
 *
 * Its clock is the requests themselves: nothing here waits or needs a timer.
 */

/** So few requests are always let in. */
const fewest = 4;
/** Places for each request that is needed to keep everything busy. Less than the two times that callers may feel. */
const placesForEach = 1.5;
/** Requests whose ends say the rate, and after how many it is looked at again. */
const endsForRate = 32;
const endsToDecide = 8;
/** Without requests of which one can learn for so long, the look at few of them begins, ms. */
const lookAfterMs = 5_000;
/** It ends with so many of them, or after this time, ms. */
const looks = 8;
const lookMs = 1_000;
/** Nobody was refused for so long: the rush is over, ms. */
const quietMs = 1_000;
/** Clocks of workers are coarse: a difference below this tells nothing, ms. */
const leastMs = 4;
/** How far one request moves what is usual; the first ones more, since an isolate's first requests are slow. */
const learnedShare = 0.02;
const mostKinds = 500;

/** A request that is done. */
export interface FinishedRequest {
  /** Requests of a kind have about the same work: route, and size of the body. */
  readonly kind: string;
  readonly sinceMs: number;
  /** The most requests that were in work at once while it was, itself included. */
  readonly peak: number;
  /** False: it failed, and tells how slow we are, not what its kind usually takes. */
  readonly succeeded: boolean;
}

export interface RequestRoom {
  /** Places at present. */
  places(nowMs: number): number;
  /** A request found none. */
  refused(nowMs: number): void;
  finished(request: FinishedRequest, nowMs: number): void;
  /** Nobody is in work: whatever came at once has been worked off, so there is no rush. */
  idle(): void;
}

interface Rush {
  places: number;
  refusedAtMs: number;
  /** Of the last requests: when each ended, and what its kind usually takes. */
  ends: { readonly atMs: number; readonly usualMs: number }[];
  undecided: number;
  look: { readonly endsMs: number; left: number } | null;
}

/** What requests usually take, by kind. */
function createUsual(most: number) {
  const known = new Map<string, { ms: number; samples: number }>();
  const fewestToLearn = Math.min(fewest, most);
  /** Requests with no more than so many in work teach: few, or where there are always many, more. */
  let calm = fewestToLearn;
  /** When the first request came since then that could teach nothing; null: there was none. */
  let untaughtMs: number | null = null;
  return {
    of: (kind: string) => known.get(kind)?.ms ?? null,
    /** For how long requests have come and taught nothing, ms. */
    staleMs: (nowMs: number) => (untaughtMs === null ? 0 : nowMs - untaughtMs),
    /** Learns of as few as there are at least. */
    narrow(): void {
      calm = fewestToLearn;
      untaughtMs = null;
    },
    widen(): void {
      calm = Math.min(most, 2 * calm);
      untaughtMs = null;
    },
    /** Moves towards the median of what it is told. @returns whether it learned */
    learn({ kind, sinceMs, peak }: FinishedRequest, nowMs: number): boolean {
      const ms = Math.max(leastMs, nowMs - sinceMs);
      const usual = known.get(kind);
      if (usual === undefined) {
        const [oldest] = known.keys();
        if (known.size >= mostKinds && oldest !== undefined) known.delete(oldest);
        known.set(kind, { ms, samples: 1 });
        return true;
      }
      if (peak > calm) {
        untaughtMs ??= nowMs;
        return false;
      }
      if (peak <= calm / 2) calm = Math.max(fewestToLearn, calm / 2);
      untaughtMs = null;
      usual.samples += 1;
      const step = Math.max(learnedShare, 1 / usual.samples) * usual.ms;
      usual.ms = Math.min(Math.max(ms, usual.ms - step), usual.ms + step);
      return true;
    },
  };
}

/** @param most places while there is no rush, and the most there are in one */
export function createRequestRoom(most: number): RequestRoom {
  const least = Math.min(fewest, most);
  const usual = createUsual(most);
  let rush: Rush | null = null;

  const decide = (now: Rush, nowMs: number) => {
    now.undecided = 0;
    const [first, ...later] = now.ends;
    const spanMs = nowMs - (first?.atMs ?? nowMs);
    const busy = later.reduce((sum, { usualMs }) => sum + usualMs, 0) / Math.max(1, spanMs);
    now.places = Math.min(most, Math.max(least, Math.ceil(placesForEach * busy)));
    if (usual.staleMs(nowMs) >= lookAfterMs) {
      usual.narrow();
      now.look = { endsMs: nowMs + lookMs, left: looks };
    }
  };

  const endLook = (now: Rush, nowMs: number) => {
    if (now.look === null || (now.look.left > 0 && nowMs < now.look.endsMs)) return;
    now.look = null;
    // With few in work the rate was none that could be had.
    now.ends = [];
    now.undecided = 0;
  };

  return {
    places(nowMs) {
      if (rush !== null && nowMs - rush.refusedAtMs > quietMs) rush = null;
      if (rush === null) return most;
      endLook(rush, nowMs);
      return rush.look === null ? rush.places : least;
    },
    refused(nowMs) {
      if (rush === null) {
        usual.narrow();
        rush = { places: most, refusedAtMs: nowMs, ends: [], undecided: 0, look: null };
      }
      rush.refusedAtMs = nowMs;
    },
    idle() {
      rush = null;
    },
    finished(request, nowMs) {
      const learned = request.succeeded && usual.learn(request, nowMs);
      const usualMs = usual.of(request.kind);
      if (rush === null) {
        if (usual.staleMs(nowMs) >= lookAfterMs) usual.widen();
        return;
      }
      if (rush.look !== null) {
        if (learned) rush.look.left -= 1;
        endLook(rush, nowMs);
        return;
      }
      if (usualMs === null) return;
      rush.ends = [...rush.ends.slice(1 - endsForRate), { atMs: nowMs, usualMs }];
      rush.undecided += 1;
      if (rush.undecided >= endsToDecide) decide(rush, nowMs);
    },
  };
}
