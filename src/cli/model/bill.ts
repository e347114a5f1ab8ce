import { neonPrices, type UpstashPlan, upstashPrices, workersPrices } from "./prices.ts";
import type { Usage } from "./usage.ts";

/** Price of what goes beyond the included part. */
const beyond = (used: number, included: number, perUnit: number, unit: number) =>
  (Math.max(0, used - included) / unit) * perUnit;

export interface Bill {
  readonly workers: number;
  readonly upstash: {
    readonly payAsYouGo: number;
    /** The same if a script is billed as one command. */
    readonly payAsYouGoScriptsAsOne: number;
    /** The cheapest plan with a flat price that holds it; null when none does. */
    readonly plan: UpstashPlan | null;
    /** The cheaper of the two. */
    readonly least: number;
  };
  readonly neon: { readonly Launch: number; readonly Scale: number };
  /** Workers, the cheaper of Upstash's, Neon's Launch. */
  readonly total: number;
}

/** US dollars a month, by the lists in `prices.ts`. Pure. */
export function billOf({ workers, redis, postgres }: Usage, databases = 1): Bill {
  const { includedRequests, perMillionRequests, includedCpuMs, perMillionCpuMs, base } = workersPrices;
  const forWorkers =
    base +
    beyond(workers.requests, includedRequests, perMillionRequests, 1e6) +
    beyond(workers.cpuMs, includedCpuMs, perMillionCpuMs, 1e6);
  const { perHundredThousandCommands, includedGb, perGb, includedBandwidthGb, perBandwidthGb } =
    upstashPrices;
  const { includedDatabases, perDatabase } = upstashPrices;
  const beside =
    beyond(redis.storedGb, includedGb * databases, perGb, 1) +
    beyond(redis.bandwidthGb, includedBandwidthGb * databases, perBandwidthGb, 1) +
    beyond(databases, includedDatabases, perDatabase, 1);
  const payAsYouGo = beside + (redis.commandsWithScripts / 1e5) * perHundredThousandCommands;
  const plan = fixedPlan(redis.storedGb / databases, redis.bandwidthGb / databases);
  const least = plan === null ? payAsYouGo : Math.min(payAsYouGo, plan.usd * databases);
  const neon = (perCuHour: number) =>
    postgres.activeHours * postgres.cu * perCuHour + postgres.storedGb * neonPrices.perGbMonth;
  const launch = neon(neonPrices.perCuHour.Launch);
  return {
    workers: forWorkers,
    upstash: {
      payAsYouGo,
      payAsYouGoScriptsAsOne: beside + (redis.commands / 1e5) * perHundredThousandCommands,
      plan,
      least,
    },
    neon: { Launch: launch, Scale: neon(neonPrices.perCuHour.Scale) },
    total: forWorkers + least + launch,
  };
}

function fixedPlan(dataGb: number, bandwidthGb: number): UpstashPlan | null {
  return upstashPrices.plans.find((plan) => dataGb <= plan.dataGb && bandwidthGb <= plan.bandwidthGb) ?? null;
}
