/*
 * Public prices and limits of the vendors, in US dollars without tax. This is the only list of them; `read` says when
 * somebody last compared a block with its source, and what is older than a year says so wherever it is used.
 */

/** Where a list of prices or limits stands, and when it was read, `YYYY-MM-DD`. */
export interface Source {
  readonly vendor: string;
  readonly source: string;
  readonly read: string;
}

/** The paid plan. Calls between our two workers over the service binding are no requests of their own. */
export const workersPrices = {
  vendor: "Cloudflare Workers",
  source: "https://developers.cloudflare.com/workers/platform/pricing/",
  read: "2026-11-26",
  /** A month. */
  base: 5,
  includedRequests: 10_000_000,
  perMillionRequests: 0.3,
  includedCpuMs: 30_000_000,
  perMillionCpuMs: 0.02,
} as const satisfies Source & Record<string, unknown>;

export const workersLimits = {
  vendor: "Cloudflare Workers",
  source: "https://developers.cloudflare.com/workers/platform/limits/",
  read: "2026-11-26",
  /** Outgoing calls of one invocation, on the free and on the paid plan. */
  subrequests: { free: 50, paid: 10_000 },
  /** Connections that an invocation has open at once. */
  connections: 6,
  /** Processor time of one invocation, ms: free, by default, and at most. */
  cpuMs: { free: 10, standard: 30_000, most: 300_000 },
  memoryBytes: 128 * 2 ** 20,
} as const satisfies Source & Record<string, unknown>;

export interface UpstashPlan {
  readonly name: string;
  /** A month, one region. */
  readonly usd: number;
  readonly dataGb: number;
  readonly bandwidthGb: number;
  readonly commandsPerSecond: number;
  /** Of one key, so of the stream of one shard. */
  readonly recordMb: number;
}

/** Each command of a pipeline counts; what scripts call is told in `counts.ts`. */
export const upstashPrices = {
  vendor: "Upstash Redis",
  source: "https://upstash.com/docs/redis/overall/billing",
  read: "2026-11-26",
  perHundredThousandCommands: 0.2,
  includedGb: 1,
  perGb: 0.25,
  includedBandwidthGb: 200,
  perBandwidthGb: 0.03,
  /** Databases of an account; each beyond costs. */
  includedDatabases: 10,
  perDatabase: 0.5,
  /** Pay as you go. */
  limits: { commandsPerSecond: 10_000, requestMb: 10, recordMb: 100, dataGb: 100, databases: 100 },
  /** A flat price, any number of commands; smallest first. */
  plans: [
    {
      name: "Fixed 250 MB",
      usd: 10,
      dataGb: 0.25,
      bandwidthGb: 50,
      commandsPerSecond: 10_000,
      recordMb: 100,
    },
    { name: "Fixed 1 GB", usd: 20, dataGb: 1, bandwidthGb: 100, commandsPerSecond: 10_000, recordMb: 200 },
    { name: "Fixed 5 GB", usd: 100, dataGb: 5, bandwidthGb: 500, commandsPerSecond: 10_000, recordMb: 300 },
    {
      name: "Fixed 10 GB",
      usd: 200,
      dataGb: 10,
      bandwidthGb: 1_000,
      commandsPerSecond: 10_000,
      recordMb: 400,
    },
    {
      name: "Fixed 50 GB",
      usd: 400,
      dataGb: 50,
      bandwidthGb: 5_000,
      commandsPerSecond: 10_000,
      recordMb: 500,
    },
    {
      name: "Fixed 100 GB",
      usd: 800,
      dataGb: 100,
      bandwidthGb: 10_000,
      commandsPerSecond: 16_000,
      recordMb: 1_000,
    },
    {
      name: "Fixed 500 GB",
      usd: 1_500,
      dataGb: 500,
      bandwidthGb: 20_000,
      commandsPerSecond: 16_000,
      recordMb: 5_000,
    },
  ] satisfies readonly UpstashPlan[] as readonly UpstashPlan[],
} as const satisfies Source & Record<string, unknown>;

/** Both paid plans cost only what is used. */
export const neonPrices = {
  vendor: "Neon Postgres",
  source: "https://neon.com/docs/introduction/plans",
  read: "2026-11-26",
  perCuHour: { Launch: 0.106, Scale: 0.222 },
  perGbMonth: 0.35,
  /** The smallest compute, the largest that grows by itself, and the largest there is, in compute units. */
  cu: { least: 0.25, mostAutoscaling: 16, most: 56 },
  /** A compute sleeps after this time without a query, minutes. */
  sleepsAfterMinutes: 5,
} as const satisfies Source & Record<string, unknown>;

export const neonLimits = {
  vendor: "Neon Postgres",
  source: "https://neon.com/docs/connect/connection-pooling",
  read: "2026-11-26",
  /** Clients of the pooler (`-pooler` in the host's name). */
  pooledConnections: 10_000,
  /** `max_connections` of a compute unit without the pooler, and at most. */
  connectionsPerCu: 419,
  mostConnections: 4_000,
  /** Of one branch. */
  storageTb: 16,
} as const satisfies Source & Record<string, unknown>;

export const sources: readonly Source[] = [
  workersPrices,
  workersLimits,
  upstashPrices,
  neonPrices,
  neonLimits,
];

/** Those that were read more than a year before `nowMs`. */
export function oldSources(nowMs: number, all: readonly Source[] = sources): Source[] {
  const yearMs = 366 * 86_400_000;
  return all.filter(({ read }) => nowMs - Date.parse(read) > yearMs);
}
