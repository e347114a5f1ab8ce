/** What a rule found, and where. */

export type Severity = "error" | "warning" | "info";

/** A piece of a file. Offsets count UTF-16 units from 0; `end` is behind the last one. */
export interface Place {
  /** From the root of the project, with `/`. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** A change of a file's text. */
export interface Edit extends Place {
  /** What stands there afterwards; empty: nothing. */
  readonly text: string;
}

export interface Finding {
  /** Id of the rule, e.g. `B-5`. */
  readonly rule: string;
  readonly severity: Severity;
  /** From the root of the project. */
  readonly file: string;
  /** From 1, as editors count. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** What was found, in a sentence. */
  readonly message: string;
  /** Why it matters. */
  readonly why: string;
  /** How to mend it. */
  readonly mend: string;
  /** Null: a person has to mend it. */
  readonly fix: readonly Edit[] | null;
}

/** Worst first. */
export const severities = ["error", "warning", "info"] as const satisfies readonly Severity[];
