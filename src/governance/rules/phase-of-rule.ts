/** In which phase of a migration a module must keep a rule. Phase 0, the analysis, and its plan have none. */

export type RulePhase = 1 | 2 | 3 | 4 | 5;

/** By the first part of the id; those that differ stand below. */
const byGroup: Readonly<Record<string, RulePhase>> = {
  // Design: names, envelope, payload, the description of events.
  N: 1,
  E: 1,
  P: 1,
  EVENTS: 1,
  // Producer.
  B: 2,
  // Consumer.
  C: 3,
  // Tests.
  T: 4,
  // Old paths off, documents final.
  README: 5,
  "11": 5,
  C1: 2,
  S: 5,
};

const byId: Readonly<Record<string, RulePhase>> = {
  // That a registered type is also published can be asked of a producer first.
  "N-6": 2,
  // A raw object is published by the code, not designed; so are an event without meta and a publish that breaks the work.
  "E-8": 2,
  C1A: 2,
  "11.5": 2,
  "11.6": 2,
  // The key of deduplication is the consumer's, sensitive data is designed into a payload.
  "11.3": 3,
  "11.7": 1,
  "B-7": 3,
  C1B: 5,
};

/** Rules of a group that nobody named here are kept at the end at the latest. */
export function phaseOfRule(id: string): RulePhase {
  const upper = id.toUpperCase();
  return byId[upper] ?? byGroup[groupOf(upper)] ?? 5;
}

/** `N` of `N-1`, `11` of `11.3`, `README` of `README-2`. */
function groupOf(id: string): string {
  return id.split(/[-.]/)[0] ?? id;
}
