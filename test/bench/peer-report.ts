import { type PeerKind, peerKinds } from "./peer-protocol.ts";
import type { Cpu, Drain, Latency, Round } from "./peer-rounds.ts";
import { markdownTable, percentiles, short } from "./report.ts";

/** The rounds of all sides as one table, and what a drain costs by process as another. */

type Rounds = ReadonlyMap<PeerKind | "ours", readonly Round[]>;

const graphileKinds = peerKinds.filter((kind) => kind.startsWith("graphile-worker"));

/** What ours has to reach: so many times what the best of these has, or a bound. */
type Target = { readonly of: readonly PeerKind[]; readonly times: number } | { readonly bound: number };

interface Line {
  readonly name: string;
  readonly ours: (round: Round) => number | undefined;
  readonly peer: (round: Round) => number | undefined;
  readonly better: "more" | "less";
  readonly targets: readonly Target[];
}

const sumOf = ({ worker, gateways, redis, postgres }: Cpu) => worker + gateways + redis + postgres;
const cpuOf = (drain: Drain | undefined) => (drain === undefined ? undefined : sumOf(drain.cpu));
const own = (round: Round) => round.drains.own;

function drainLines(way: string, targets: readonly Target[]): Line[] {
  return [
    {
      name: `drain, effect once; ours: ${way} /s`,
      ours: ({ drains }) => drains[way]?.perSecond,
      peer: (round) => own(round)?.perSecond,
      better: "more",
      targets,
    },
    {
      name: `CPU of all processes, ms per 1,000 drained; ours: ${way}`,
      ours: ({ drains }) => cpuOf(drains[way]),
      peer: (round) => cpuOf(own(round)),
      better: "less",
      targets: [],
    },
  ];
}

function flowLines(way: string): Line[] {
  const line = (percentile: keyof Latency, bound: number): Line => ({
    name: `request to effect at 200/s, ${percentile} ms; ours: ${way}`,
    ours: ({ flows }) => flows[way]?.[percentile],
    peer: ({ flows }) => flows.own?.[percentile],
    better: "less",
    targets: [{ bound }],
  });
  return [line("p50", 15), line("p99", 60)];
}

function same(
  name: string,
  value: (round: Round) => number,
  better: "more" | "less",
  ...targets: Target[]
): Line {
  return { name, ours: value, peer: value, better, targets };
}

const lines: readonly Line[] = [
  same("publish one by one /s", ({ oneByOne }) => oneByOne, "more"),
  same("publish, 32 in flight /s", ({ inFlight }) => inFlight, "more", { of: graphileKinds, times: 1 }),
  same("publish in bulk; ours: committed and relayed /s", ({ bulk }) => bulk, "more", {
    of: graphileKinds,
    times: 1,
  }),
  ...drainLines("set-based", [
    { of: ["graphile-worker, group commit"], times: 1 },
    { of: ["pg-boss"], times: 1.5 },
  ]),
  ...drainLines("one insert per event", [{ of: ["graphile-worker, transaction per job"], times: 1 }]),
  ...drainLines("onSqlBatch", []),
  ...drainLines("onSql, one insert per event", []),
  ...flowLines("one insert per event"),
  ...flowLines("onSql"),
];

function median(values: readonly number[]): number {
  return percentiles(values).p50;
}

function valuesOf(
  rounds: readonly Round[] | undefined,
  read: (round: Round) => number | undefined,
): number[] {
  return (rounds ?? []).flatMap((round) => read(round) ?? []);
}

function cell(values: readonly number[]): string {
  if (values.length === 0) return "";
  const range = values.length === 1 ? "" : ` (${short(Math.min(...values))}–${short(Math.max(...values))})`;
  return `${short(median(values))}${range}`;
}

/** Whether ours has what it has to reach, with the figures. */
function verdict(ours: number, line: Line, medians: ReadonlyMap<PeerKind, number>): string {
  return line.targets
    .map((target) => {
      if ("bound" in target) return `${ours <= target.bound ? "met" : "NOT met"}: <= ${target.bound}`;
      const theirs = Math.max(...target.of.map((kind) => medians.get(kind) ?? Number.NaN));
      const who = target.of.length === 1 ? target.of[0] : "graphile-worker";
      const ratio = ours / theirs;
      return `${ratio >= target.times ? "met" : "NOT met"}: ${ratio.toFixed(2)} of >= ${target.times.toFixed(1)} x ${who}`;
    })
    .join("; ");
}

/** How many times as good as the best peer. */
function ratioToBest(ours: number, { better }: Line, medians: ReadonlyMap<PeerKind, number>): string {
  const theirs = [...medians.values()];
  const ratio = better === "more" ? ours / Math.max(...theirs) : Math.min(...theirs) / ours;
  return `${ratio.toFixed(2)}${ratio < 1 ? " (behind)" : ""}`;
}

function rowOf(line: Line, found: Rounds): string[] {
  const medians = new Map(
    peerKinds.map((kind) => [kind, median(valuesOf(found.get(kind), line.peer))] as const),
  );
  const ours = valuesOf(found.get("ours"), line.ours);
  return [
    line.name,
    ...peerKinds.map((kind) => cell(valuesOf(found.get(kind), line.peer))),
    cell(ours),
    ratioToBest(median(ours), line, medians),
    verdict(median(ours), line, medians),
  ];
}

const processes = ["worker", "gateways", "redis", "postgres"] as const satisfies readonly (keyof Cpu)[];

function cpuRows(found: Rounds): string[][] {
  return [...found].flatMap(([side, rounds]) =>
    Object.keys(rounds[0]?.drains ?? {}).map((way) => {
      const cost = (read: (cpu: Cpu) => number) =>
        short(
          median(rounds.flatMap(({ drains }) => (drains[way] === undefined ? [] : read(drains[way].cpu)))),
        );
      const name = side === "ours" ? `ours, ${way}` : side;
      return [name, ...processes.map((process) => cost((cpu) => cpu[process])), cost(sumOf)];
    }),
  );
}

export function peerReport(found: Rounds): string {
  const faults = [...found].flatMap(([side, rounds]) =>
    rounds.flatMap((round, index) => round.faults.map((fault) => `- round ${index + 1}, ${side}: ${fault}`)),
  );
  return [
    markdownTable(
      ["one run", ...peerKinds, "ours", "ours to the best peer", "to reach"],
      lines.map((line) => rowOf(line, found)),
    ),
    faults.length === 0
      ? "Counted in Postgres after each round: each effect is there once, with its claim."
      : `Counted in Postgres after each round:\n${faults.join("\n")}`,
    "CPU of a drain by process, ms per 1,000 events:",
    markdownTable(["side", "worker", "gateways", "Redis", "Postgres", "all"], cpuRows(found)),
  ].join("\n\n");
}
