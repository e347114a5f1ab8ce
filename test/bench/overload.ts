import { type Stack, startStack } from "./connect.ts";
import { makers } from "./events.ts";
import { drainFully, effectTimes, type Flood, flood, inParallel, record, settledMs, until } from "./load.ts";
import { type Check, checkLines, numberOptions, percentiles, short } from "./report.ts";

/*
 * `npm run bench overload`: finds the rate that the stack can take, from the request to the effect, and offers twice of it.
 * What it takes must not wait long, what it refuses must know at once, nothing accepted may be lost, nothing refused
 * stored, and what is left over must be worked off as fast as ever.
 */

const subscriber = "bench_latency";
/** Requests under way while the rate is looked for: enough to keep all of the machine busy. */
const width = 16;
/** What a refusal may take: as long as an answer usually takes. */
const refusalFactor = 1;
const slowFactor = 2;

const empty = (stack: Stack) => stack.db.query("TRUNCATE bench_effects");
const effects = (stack: Stack) => stack.count("SELECT count(*) AS n FROM bench_effects");

/** Events per second when as many are offered as are finished. */
async function findRate(stack: Stack, n: number): Promise<number> {
  await empty(stack);
  const bodies = Array.from({ length: n }, (_, i) => JSON.stringify(makers.bumped(i)));
  let accepted = 0;
  const startedMs = performance.now();
  await inParallel(
    bodies.map((body) => async () => {
      if ((await stack.post("/api/events", body)).status === 202) accepted += 1;
    }),
    width,
  );
  await until(stack, "all effects are there", async () => (await effects(stack)) >= accepted, 120_000);
  return (accepted * 1_000) / (performance.now() - startedMs);
}

/** How fast the same handler works off what has piled up while nothing else happens, per second. */
async function findDrainRate(stack: Stack, n: number): Promise<number> {
  await record(stack, makers.bumped, n);
  await (await stack.call("/bench/relay")).text();
  const startedMs = performance.now();
  await drainFully(stack, subscriber);
  return (n * 1_000) / (performance.now() - startedMs);
}

interface Offered {
  readonly result: Flood;
  readonly effectMs: readonly number[];
  /** Events without effect when the last answer was there, and how long they took. */
  readonly backlog: number;
  readonly backlogMs: number;
}

async function offer(stack: Stack, perSecond: number, seconds: number): Promise<Offered> {
  await empty(stack);
  const result = await flood(stack, Math.round(perSecond * seconds), perSecond);
  const endedMs = performance.now();
  const backlog = result.accepted.size - (await effects(stack));
  const effectMs = await effectTimes(stack, result);
  return { result, effectMs, backlog, backlogMs: performance.now() - endedMs };
}

/** Of the refused ones, which are there all the same. */
async function storedThough(stack: Stack, { refused }: Flood): Promise<number> {
  const { rows } = await stack.db.query(
    "SELECT count(*)::int AS n FROM events WHERE id::text = ANY($1::text[])",
    [[...refused.keys()]],
  );
  return rows[0].n;
}

const times = (values: readonly number[]) => {
  const { p50, p99 } = percentiles(values);
  return `p50 ${short(p50)}, p99 ${short(p99)} ms`;
};

function checksOf(usual: Offered, high: Offered, stored: number, drainRate: number): Check[] {
  const { accepted, answered, answeredLater, refused, failed, failure } = high.result;
  const [before, now] = [percentiles(usual.result.answered), percentiles(answeredLater)];
  const refusals = [...refused.values()];
  const refusalMs = percentiles(refusals.map(({ tookMs }) => tookMs));
  const bound = (name: "p50" | "p99") => slowFactor * before[name];
  const backlogRate = (high.backlog * 1_000) / high.backlogMs;
  return [
    {
      what: "every request is answered, accepted or refused",
      measured: `${accepted.size} accepted, ${refused.size} refused, ${failed} without an answer${failure === null ? "" : `: ${failure}`}`,
      demanded: "none without an answer",
      holds: failed === 0,
    },
    {
      what: "what is accepted is answered as usual",
      measured: `${times(answeredLater)}, with the first ${settledMs / 1_000} s ${times(answered)}; ${(now.p50 / before.p50).toFixed(1)} and ${(now.p99 / before.p99).toFixed(1)} x the usual`,
      demanded: `p50 <= ${short(bound("p50"))}, p99 <= ${short(bound("p99"))} ms, ${slowFactor} x the usual`,
      holds: now.p50 <= bound("p50") && now.p99 <= bound("p99"),
    },
    {
      what: "what is refused knows at once, and when to come again",
      measured: `${times(refusals.map(({ tookMs }) => tookMs))}; ${refusals.filter(({ saysWhen }) => !saysWhen).length} without Retry-After`,
      demanded: `p50 <= ${short(refusalFactor * before.p50)} ms, an answer's usual time; all with Retry-After`,
      holds: refusalMs.p50 <= refusalFactor * before.p50 && refusals.every(({ saysWhen }) => saysWhen),
    },
    {
      what: "nothing accepted is lost or doubled",
      measured: `${high.effectMs.length} effects of ${accepted.size}`,
      demanded: "one each",
      holds: high.effectMs.length === accepted.size,
    },
    {
      what: "nothing refused is stored",
      measured: `${stored} of ${refused.size}`,
      demanded: "none",
      holds: stored === 0,
    },
    {
      what: "what was left over is worked off as fast as ever",
      measured: `${high.backlog} events in ${short(high.backlogMs)} ms, ${short(backlogRate)}/s`,
      demanded: `${short(drainRate / 2)}/s, half of the rate of a drain alone, or less than a second`,
      holds: backlogRate >= drainRate / 2 || high.backlogMs < 1_000,
    },
  ];
}

/** @returns the exit code: 1 when something does not hold */
export async function benchOverload(args: readonly string[]): Promise<number> {
  const { events, seconds, drained } = numberOptions(args, { events: 2_000, seconds: 15, drained: 2_000 });
  const stack = await startStack("bench");
  try {
    await drainFully(stack, subscriber);
    await findRate(stack, 300);
    const rate = await findRate(stack, events);
    const drainRate = await findDrainRate(stack, drained);
    const usual = await offer(stack, rate / 2, seconds);
    const high = await offer(stack, rate * 2, seconds);
    const checks = checksOf(usual, high, await storedThough(stack, high.result), drainRate);
    const share = high.result.accepted.size / (rate * 2 * seconds);
    console.log(
      [
        `It can take ${short(rate)} events/s from the request to the effect; a drain alone works off ${short(drainRate)}/s.`,
        `Half of it, ${short(rate / 2)}/s: ${times(usual.result.answered)}; to the effect ${times(usual.effectMs)}; ${usual.result.refused.size} refused.`,
        `Twice of it, ${short(rate * 2)}/s for ${seconds} s: ${(100 * share).toFixed(0)} % accepted, ${short(high.result.accepted.size / seconds)}/s; to the effect ${times(high.effectMs)}.`,
        checkLines(checks),
      ].join("\n"),
    );
    return checks.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    await stack.stop();
  }
}
