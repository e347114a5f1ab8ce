/** What was looked at, and what came of it. */

export type State = "pass" | "fail" | "unknown" | "not needed";

export interface Line {
  /** E.g. `G-3`, `9.1a`, `2.1`. */
  readonly id: string;
  /** What must hold, in a few words. */
  readonly title: string;
  readonly state: State;
  /** What was seen, and where. */
  readonly evidence: string;
  /** What to do now; null: nothing. */
  readonly todo: string | null;
}

/** What came of a look, before it is said at what. */
export type Outcome = Omit<Line, "id" | "title">;

export const pass = (evidence: string): Outcome => ({ state: "pass", evidence, todo: null });
export const fail = (evidence: string, todo: string): Outcome => ({ state: "fail", evidence, todo });
/** Nobody could say; a person has to show it. */
export const unknown = (evidence: string, todo: string): Outcome => ({ state: "unknown", evidence, todo });
export const notNeeded = (evidence: string): Outcome => ({ state: "not needed", evidence, todo: null });

export const lineOf = (id: string, title: string, outcome: Outcome): Line => ({ id, title, ...outcome });

/** `a, b and c`; from `most` on only how many more. */
export function listed(names: readonly string[], most = 4): string {
  const unique = [...new Set(names)];
  const shown = unique.slice(0, most);
  const left = unique.length - shown.length;
  if (left > 0) return `${shown.join(", ")} and ${left} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

export const counted = (count: number, one: string, many = `${one}s`) =>
  `${count === 0 ? "no" : count} ${count === 1 ? one : many}`;
