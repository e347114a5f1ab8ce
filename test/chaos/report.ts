import type { ChaosResult } from "./run.ts";

const shownViolations = 10;

/** The run in words: what was asked of the system, what it was put through, and what became of it. */
export function reportLines(seed: number, result: ChaosResult): string[] {
  const { verdict, ledger, faults, quietAfterMs, unrest } = result;
  const listed = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort(([left], [right]) => left.localeCompare(right)).map(([name, n]) => `  ${name}: ${n}`);
  const kinds = new Map<string, number>();
  for (const { kind } of verdict.violations) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [
    `seed ${seed}`,
    `accepted ${result.accepted}, without an answer ${result.maybe} (${verdict.maybeApplied} of them applied), ` +
      `calls repeated ${ledger.repeated}, known already ${ledger.deduplicated}, load ${(ledger.tookMs / 1_000).toFixed(1)} s`,
    "faults:",
    ...listed(faults),
    "effects:",
    ...listed(verdict.effects),
    "dead letters:",
    ...listed(verdict.letters),
    quietAfterMs === null
      ? `NOT QUIET, ${result.unfinished} effects are missing: ${unrest}`
      : `quiet after ${(quietAfterMs / 1_000).toFixed(1)} s`,
    verdict.violations.length === 0 ? "violations: none" : "VIOLATIONS:",
    ...listed(kinds),
    ...verdict.violations.slice(0, shownViolations).map(({ kind, text }) => `  ${kind}: ${text}`),
    ...result.traces,
    ...(verdict.violations.length > 0 ? [`repeat with --seed ${seed}`] : []),
  ];
}
