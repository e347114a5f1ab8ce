import { type Bill, billOf } from "../../model/bill.ts";
import { eventsTogether } from "../../model/counts.ts";
import { measured } from "../../model/measured.ts";
import { neonPrices, oldSources, type Source, upstashPrices, workersPrices } from "../../model/prices.ts";
import {
  commandsPerEvent,
  commandsPerTick,
  hoursPerMonth,
  type Load,
  type Manner,
  type Usage,
  usageOf,
} from "../../model/usage.ts";
import { facts, table } from "../../output.ts";

export interface CostOptions {
  readonly consumers: number;
  readonly shards: number;
  readonly eventsPerMonth: number;
  /** Days that events and claims are kept. */
  readonly keptDays: number;
}

interface Month {
  readonly usage: Usage;
  readonly bill: Bill;
}

/** What a month costs; an estimate, because it depends on how many events come together. */
export interface CostEstimate extends CostOptions {
  readonly months: Readonly<Record<"idle" | Manner, Month>>;
  readonly oldPrices: readonly Source[];
}

/** Pure. @param nowMs tells which prices are old */
export function estimateCost(options: CostOptions, nowMs: number): CostEstimate {
  const month = (manner: Manner, eventsPerMonth = options.eventsPerMonth): Month => {
    const load: Load = { ...options, eventsPerMonth, manner };
    const usage = usageOf(load);
    return { usage, bill: billOf(usage) };
  };
  return {
    ...options,
    months: { idle: month("alone", 0), alone: month("alone"), together: month("together") },
    oldPrices: oldSources(nowMs),
  };
}

/** As `--json` gives it. */
export function costJson(cost: CostEstimate) {
  const { consumers, shards, eventsPerMonth, keptDays, months, oldPrices } = cost;
  const month = ({ usage: { workers, redis, postgres }, bill }: Month) => ({
    workers: { requests: workers.requests, cpu_ms: workers.cpuMs, usd: bill.workers },
    upstash: {
      commands: redis.commandsWithScripts,
      commands_scripts_as_one: redis.commands,
      pay_as_you_go_usd: bill.upstash.payAsYouGo,
      pay_as_you_go_scripts_as_one_usd: bill.upstash.payAsYouGoScriptsAsOne,
      fixed_plan: bill.upstash.plan?.name ?? null,
      fixed_plan_usd: bill.upstash.plan?.usd ?? null,
    },
    neon: {
      active_hours: postgres.activeHours,
      compute_units: postgres.cu,
      stored_gb: postgres.storedGb,
      launch_usd: bill.neon.Launch,
      scale_usd: bill.neon.Scale,
    },
    total_usd: bill.total,
  });
  return {
    consumers,
    shards,
    events_per_month: eventsPerMonth,
    events_together: eventsTogether,
    kept_days: keptDays,
    idle_per_month: months.idle.usage.redis.commands,
    per_event_alone: commandsPerEvent("alone", consumers).sent,
    per_event_in_bulk: commandsPerEvent("together", consumers).sent,
    idle: month(months.idle),
    alone: month(months.alone),
    together: month(months.together),
    measured_on: measured.on,
    prices: [workersPrices, upstashPrices, neonPrices].map(({ vendor, source, read }) => ({
      vendor,
      source,
      read,
    })),
    old_prices: oldPrices,
    not_counted: notCounted,
  };
}

const notCounted = [
  "network beyond Upstash's and Neon's allowances",
  "Neon's history for restores",
  "the archive in R2",
  "logs",
  "taxes",
];

const count = (value: number) =>
  value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 2 : 0 });
const usd = (value: number) =>
  `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

/** What people read. */
export function costText(cost: CostEstimate): string {
  const { consumers, shards, eventsPerMonth, keptDays, months, oldPrices } = cost;
  const { idle, alone, together } = months;
  const row = (name: string, of: (month: Month) => string) =>
    [name, of(idle), of(alone), of(together)] as const;
  const rows = [
    row("Workers: requests", ({ usage }) => count(usage.workers.requests)),
    row("Workers: CPU seconds", ({ usage }) => count(usage.workers.cpuMs / 1_000)),
    row("Workers, Paid", ({ bill }) => usd(bill.workers)),
    row("Upstash: commands sent", ({ usage }) => count(usage.redis.commands)),
    row("Upstash: with those in scripts", ({ usage }) => count(usage.redis.commandsWithScripts)),
    row("Upstash, pay as you go", ({ bill }) => usd(bill.upstash.payAsYouGo)),
    row("  if a script counts as one", ({ bill }) => usd(bill.upstash.payAsYouGoScriptsAsOne)),
    row("  or a fixed plan", ({ bill: { upstash } }) =>
      upstash.plan === null ? "none is large enough" : `${usd(upstash.plan.usd)} (${upstash.plan.name})`,
    ),
    row(
      "Neon: compute hours",
      ({ usage: { postgres } }) => `${count(postgres.activeHours * postgres.cu)} (${count(postgres.cu)} CU)`,
    ),
    row("Neon: GB kept", ({ usage }) => count(usage.postgres.storedGb)),
    row("Neon, Launch", ({ bill }) => usd(bill.neon.Launch)),
    row("Neon, Scale", ({ bill }) => usd(bill.neon.Scale)),
    row("all, where it is cheapest", ({ bill }) => usd(bill.total)),
  ];
  const perEvent = (manner: Manner) => commandsPerEvent(manner, consumers);
  const tick = commandsPerTick(consumers * shards);
  const [single, bulk] = [perEvent("alone"), perEvent("together")];
  return [
    facts([
      ["Redis commands a month, idle", count(idle.usage.redis.commands)],
      ["and for each event that comes alone", count(single.sent)],
      ["and for each event among many", count(bulk.sent)],
      [
        "with those that scripts call",
        `${count(tick.withScripts)} a tick, ${count(single.withScripts)} and ${count(bulk.withScripts)}`,
      ],
    ]),
    "",
    `${count(eventsPerMonth)} events a month, spread evenly; ${consumers} ${consumers === 1 ? "consumer" : "consumers"}, ${shards} ${shards === 1 ? "shard" : "shards"}, kept for ${keptDays} days:`,
    table(rows, [
      ["a month", ([name]) => name],
      ["idle", ([, value]) => value],
      ["each alone", ([, , value]) => value],
      [`${eventsTogether} together`, ([, , , value]) => value],
    ]),
    "",
    `Estimated for consumers all of which handle each event. Upstash's page on costs counts what scripts call; processor times were measured on ${measured.on} (npm run bench model). Not counted: ${notCounted.join(", ")}.`,
    ...[workersPrices, upstashPrices, neonPrices].map(
      ({ vendor, source, read }) => `Prices of ${vendor}: ${source}, read ${read}.`,
    ),
    ...oldPrices.map(
      ({ vendor, source, read }) =>
        `OLD: what is known of ${vendor} was read on ${read}, more than a year ago; look at ${source}.`,
    ),
    ...(idle.usage.postgres.activeHours >= hoursPerMonth ? ["Postgres never sleeps."] : []),
  ].join("\n");
}
