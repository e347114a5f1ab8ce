import type { Severity } from "../finding.ts";

/** What made the findings. */
export interface Source {
  /** The command, e.g. `charter check`. */
  readonly tool: string;
  /** Of the rules, for programs that show them. */
  readonly rules: readonly RuleFacts[];
}

export interface RuleFacts {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly why: string;
  readonly mend: string;
}
