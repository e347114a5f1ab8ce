import { subscribers } from "./content.ts";
import type { CommitFault, RedisFault } from "./doors.ts";
import { createRandom, type Random } from "./random.ts";
import type { RedisData } from "./servers.ts";

/** One fault; `edge` is the worker that it concerns. Times in ms. */
export type Fault =
  | {
      readonly kind: "redis network";
      readonly edge: number;
      readonly how: RedisFault;
      readonly share: number;
      readonly forMs: number;
    }
  | { readonly kind: "postgres cut"; readonly edge: number; readonly where: "front" | "back" }
  | { readonly kind: "postgres slow"; readonly edge: number; readonly ms: number; readonly forMs: number }
  | { readonly kind: "commit cut"; readonly edge: number; readonly how: CommitFault; readonly times: number }
  | { readonly kind: "kill worker"; readonly edge: number }
  | { readonly kind: "freeze worker"; readonly edge: number; readonly forMs: number }
  | {
      readonly kind: "kill redis";
      readonly data: RedisData;
      readonly downMs: number;
      readonly tailBytes: number;
    }
  | { readonly kind: "kill postgres"; readonly downMs: number }
  /** Cron fires several times at once, on both workers. */
  | { readonly kind: "overlapping ticks"; readonly ticks: number }
  | { readonly kind: "janitor"; readonly edge: number }
  /** Another program writes to the stream, with ids that Redis gives, and writes one event twice. */
  | { readonly kind: "foreign writer"; readonly events: number }
  /** An operator acts on a consumer, by the worker that it concerns. */
  | {
      readonly kind: "operator";
      readonly edge: number;
      readonly act: OperatorAct;
      readonly subscriber: string;
    }
  /** A release with more shards comes, one worker after the other. `more`: than at the begin. */
  | { readonly kind: "reshard"; readonly more: number }
  /** A release that renames an event, adds a consumer and removes another comes, one worker after the other. */
  | { readonly kind: "release" }
  /** Somebody empties Redis, which goes on. */
  | { readonly kind: "flush redis" };

export type OperatorAct =
  | "pause"
  | "pause a type"
  | "resume"
  | "replay"
  | "forced replay"
  | "redrive"
  | "discard";

export interface TimedFault {
  /** After the begin of the load. */
  readonly atMs: number;
  readonly fault: Fault;
}

export interface FaultPlanOptions {
  readonly seed: number;
  readonly loadMs: number;
  readonly edges: number;
}

/** Mean time between two faults of a kind, ms. */
const meanGapMs: Readonly<Record<Fault["kind"], number>> = {
  "redis network": 4_000,
  "postgres cut": 6_000,
  "postgres slow": 10_000,
  "commit cut": 4_000,
  "kill worker": 10_000,
  "freeze worker": 12_000,
  "kill redis": 15_000,
  "kill postgres": 25_000,
  "overlapping ticks": 5_000,
  janitor: 3_000,
  "foreign writer": 4_000,
  operator: 1_000,
  reshard: 120_000,
  release: 120_000,
  "flush redis": 40_000,
};

/** The faults of a run, by time. The same seed and length give the same plan; each kind comes at least once. */
export function planFaults({ seed, loadMs, edges }: FaultPlanOptions): TimedFault[] {
  const random = createRandom(seed ^ 0x5eed);
  const plan: TimedFault[] = [];
  for (const kind of Object.keys(meanGapMs) as Fault["kind"][]) {
    const own = random.fork();
    // The janitor must have looked once before a name changes.
    const firstMs = kind === "release" ? Math.min(8_000, loadMs * 0.5) : 0;
    let atMs = firstMs + own.next() * Math.min(loadMs * 0.8 - firstMs, meanGapMs[kind]);
    do {
      plan.push({ atMs, fault: draw(kind, own, edges) });
      atMs += -Math.log(1 - own.next()) * meanGapMs[kind];
    } while (atMs < loadMs);
  }
  plan.sort((left, right) => left.atMs - right.atMs);
  let more = 0;
  return plan.map((timed) => {
    if (timed.fault.kind !== "reshard") return timed;
    more += 1;
    return { ...timed, fault: { ...timed.fault, more } };
  });
}

const redisFaults = ["drop-reply", "drop-reply", "refuse", "error-500", "delay", "late"] as const;
const acts = [
  "pause",
  "pause a type",
  "resume",
  "replay",
  "replay",
  "forced replay",
  "redrive",
  "redrive",
  "discard",
] as const;
/** All but the one of which each try ends a worker. */
const { each, set, cause, follow, statements } = subscribers;
const operated = [each, set, cause, follow, statements] as const;

const redisData = ["kept", "kept", "tail-lost", "all-lost"] as const;

function draw(kind: Fault["kind"], random: Random, edges: number): Fault {
  const edge = random.whole(0, edges - 1);
  switch (kind) {
    case "redis network":
      return {
        kind,
        edge,
        how: random.pick(redisFaults),
        share: random.pick([0.2, 0.5, 1]),
        forMs: random.whole(200, 2_000),
      };
    case "postgres cut":
      return { kind, edge, where: random.pick(["front", "back"]) };
    case "postgres slow":
      return { kind, edge, ms: random.whole(5, 80), forMs: random.whole(300, 2_000) };
    case "commit cut":
      return { kind, edge, how: random.pick(["before", "after"]), times: random.whole(1, 4) };
    case "kill worker":
      return { kind, edge };
    case "freeze worker":
      return { kind, edge, forMs: random.whole(500, 4_000) };
    case "kill redis":
      return {
        kind,
        data: random.pick(redisData),
        downMs: random.whole(0, 1_000),
        tailBytes: random.whole(1_000, 300_000),
      };
    case "kill postgres":
      return { kind, downMs: random.whole(0, 1_000) };
    case "overlapping ticks":
      return { kind, ticks: random.whole(2, 6) };
    case "janitor":
      return { kind, edge };
    case "foreign writer":
      return { kind, events: random.whole(1, 5) };
    case "operator":
      return { kind, edge, act: random.pick(acts), subscriber: random.pick(operated) };
    case "reshard":
      return { kind, more: 1 };
    case "release":
    case "flush redis":
      return { kind };
  }
}
