/** In which phase of a migration a module must keep a rule. Phase 0, the analysis, and its plan have none. */

export type RulePhase = 1 | 2 | 3 | 4 | 5;

/** By the first part of the id; those that differ stand below. */
const byGroup: Readonly<Record<string, RulePhase>> = {
  // Design: names, envelope, payload.
  N: 1,
  E: 1,
  P: 1,
  // Producer.
  B: 2,
  // Consumer.
  C: 3,
  // Its tables are there with the effects of its consumer.
  TR: 3,
  // Its routes are the producer's.
  RT: 2,
  // Tests.
  T: 4,
  // Old paths off, documents final.
  R: 5,
  EV: 5,
  L: 5,
  C1B: 5,
  M: 5,
  "11": 5,
  S: 5,
  // Of Python: what its handlers say.
  PY: 3,
  // Nothing is known of code that cannot be read.
  TS: 2,
};

const byId: Readonly<Record<string, RulePhase>> = {
  // A raw object is published by the code, not designed; so is an event without meta.
  "E-8": 2,
  "11.5": 2,
  "11.6": 2,
  // Nothing is known of code that cannot be read.
  "PY-1": 2,
  // What is registered is published only when there is a producer.
  "N-6": 2,
  // A key in Redis is the code's.
  "N-9": 2,
  // The key of deduplication is the consumer's.
  "B-7": 3,
};

/** Rules of a group that nobody named here are kept at the end at the latest. */
export function phaseOfRule(id: string): RulePhase {
  const upper = id.toUpperCase();
  return byId[upper] ?? byGroup[groupOf(upper)] ?? 5;
}

/** False: only the end of the migration asks for it, because nobody has said otherwise. */
export const hasPhase = (id: string) => groupOf(id.toUpperCase()) in byGroup;

/** `N` of `N-1`, `11` of `11.3`, `README` of `README-2`. */
function groupOf(id: string): string {
  return id.split(/[-.]/)[0] ?? id;
}
