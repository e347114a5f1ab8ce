import type { Command } from "commander";
import { numberUpTo, wholeNumber } from "../../command.ts";
import { breaksFirst, type Plan, planFor, type Setup } from "../../model/capacity.ts";
import { measured } from "../../model/measured.ts";
import { oldSources } from "../../model/prices.ts";
import { createOutput, duration, facts, table } from "../../output.ts";

interface CapacityOptions extends Omit<Setup, "eventsPerSecond" | "shards" | "roundTripMs" | "keptDays"> {
  readonly rate?: number;
  readonly shards?: number;
  readonly roundTrip: number;
  readonly days: number;
}

const rates = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

/** `charter capacity`: the load model. It asks no server. */
export function addCapacity(program: Command): void {
  program
    .command("capacity")
    .description("what a load needs, costs and breaks first, by a model; needs no server")
    .option(
      "--rate <n>",
      "events a second, in full; default: an overview of 1,000 to 1,000,000",
      numberUpTo(1e7),
    )
    .option("--consumers <n>", "consumers that handle each event", wholeNumber(1, 1_000), 3)
    .option("--shards <n>", "shards; default: as many as the rate needs", wholeNumber(1, 64))
    .option("--databases <n>", "Upstash databases (BRAIN_MORE_REDIS)", wholeNumber(1, 1_000), 1)
    .option("--round-trip <ms>", "a call from a worker to Redis or Postgres and back", numberUpTo(1_000), 5)
    .option("--per-request <n>", "events that come in one request", wholeNumber(1, 1_000), 100)
    .option("--days <n>", "days that events and claims are kept", wholeNumber(1, 36_500), 90)
    .action((options: CapacityOptions, command: Command) => {
      const out = createOutput(command.optsWithGlobals<{ json?: boolean }>().json === true);
      const plans = (options.rate === undefined ? rates : [options.rate]).map((rate) =>
        planFor(setupOf(options, rate)),
      );
      if (out.json) out.data({ measured_on: measured.on, plans: plans.map(planJson) });
      else out.line([...describe(plans), ...notes(Date.now())].join("\n"));
    });
}

function setupOf(options: CapacityOptions, eventsPerSecond: number): Setup {
  const { consumers, shards = null, databases, roundTrip: roundTripMs, perRequest, days: keptDays } = options;
  return { eventsPerSecond, consumers, shards, databases, roundTripMs, perRequest, keptDays };
}

function planJson(plan: Plan) {
  const { setup, shards, busy, latencyMs, resources, bill } = plan;
  const first = breaksFirst(plan);
  return {
    events_per_second: setup.eventsPerSecond,
    consumers: setup.consumers,
    shards,
    busy,
    latency_ms: latencyMs,
    resources: resources.map(({ isHandled, ...resource }) => ({ ...resource, handled: isHandled === true })),
    breaks_first:
      first === null ? null : { name: first.resource.name, at_per_second: Math.round(first.atPerSecond) },
    usd_per_month: {
      workers: bill.workers,
      upstash: bill.upstash.least,
      neon: bill.neon.Launch,
      total: bill.total,
    },
  };
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US");
const usd = (value: number) => `$${whole(value)}`;
/** Three digits are all that a model knows. */
const rough = (value: number) =>
  Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 2 });
const latency = ({ latencyMs }: Plan) =>
  latencyMs === null ? "grows without end" : `${duration(latencyMs.p50)} / ${duration(latencyMs.p99)}`;

/** What is used up, as a number of times. */
function missing({ resources }: Plan): string[] {
  return resources
    .filter(({ used, limit, isHandled }) => used > limit && isHandled !== true)
    .map(({ name, used, limit }) => `${name} ×${rough(used / limit)}`);
}

function describe(plans: readonly Plan[]): string[] {
  const [only] = plans;
  if (plans.length === 1 && only !== undefined) return describeOne(only);
  const rows = plans.map((plan) => ({ plan, first: breaksFirst(plan) }));
  return [
    table(rows, [
      ["events/s", ({ plan }) => whole(plan.setup.eventsPerSecond)],
      ["shards", ({ plan }) => plan.shards],
      ["commit to effect p50 / p99", ({ plan }) => latency(plan)],
      ["a month", ({ plan }) => usd(plan.bill.total)],
      ["breaks first", ({ first }) => first?.resource.name],
      ["at events/s", ({ first }) => (first === null ? null : rough(first.atPerSecond))],
      ["not enough at this rate", ({ plan }) => missing(plan).join(", ")],
    ]),
    "",
    "What to change is told with --rate.",
  ];
}

function describeOne(plan: Plan): string[] {
  const { setup, shards, busy, bill, resources } = plan;
  const first = breaksFirst(plan);
  const percent = (share: number) => `${rough(100 * share)} %`;
  return [
    facts([
      ["events a second", whole(setup.eventsPerSecond)],
      ["shards", shards],
      ["commit to effect, p50 / p99", latency(plan)],
      ["relay and drain of a shard are busy", `${percent(busy.relay)} and ${percent(busy.drain)}`],
      [
        "a month",
        `${usd(bill.total)}: Workers ${usd(bill.workers)}, Upstash ${usd(bill.upstash.least)}, Neon Launch ${usd(bill.neon.Launch)}`,
      ],
    ]),
    "",
    table(resources, [
      ["what", ({ name, about }) => `${name}, ${about}`],
      ["used", ({ used, unit }) => `${rough(used)} ${unit}`],
      ["there is", ({ limit }) => rough(limit)],
      ["share", ({ used, limit }) => percent(used / limit)],
      ["when it is not enough", ({ change }) => change],
    ]),
    ...(first === null
      ? []
      : [
          "",
          `Breaks first: ${first.resource.name}, at about ${rough(first.atPerSecond)} events/s. Then: ${first.resource.change}.`,
        ]),
  ];
}

function notes(nowMs: number): string[] {
  return [
    "",
    `A model: steady load, one region; processor times and bytes as measured on ${measured.on} (npm run bench model), calls as the tests count them, limits and prices of the vendors' public pages.`,
    ...oldSources(nowMs).map(
      ({ vendor, source, read }) =>
        `OLD: what is known of ${vendor} was read on ${read}, more than a year ago; look at ${source}.`,
    ),
  ];
}
