import type ts from "typescript";
import type { Edit, Place, Severity } from "../finding.ts";
import type { Project } from "../project.ts";

/** What a rule found at one place; {@link Rule} itself says what it leaves out. */
export interface RuleFinding {
  /** A node of TypeScript, or any place; a node of Python is one. */
  readonly at: ts.Node | Place;
  /** What was found, as a sentence that names it. */
  readonly message: string;
  /** When it differs from the rule's. */
  readonly severity?: Severity;
  /** How to mend it, when it differs from the rule's. */
  readonly mend?: string;
  /** When the mend is mechanical. */
  readonly fix?: readonly Edit[];
}

/** Who else catches what the rule is about, before or behind the tool. */
export type Catch =
  | "types"
  | "definition"
  | "start"
  | "publish"
  | "apply"
  | "database"
  | "import rules"
  | "documents"
  | "tests";

/** A rule of the charter that a tool can decide. Its page is `pages/<id in lower case>.md`. */
export interface Rule {
  /** As in the table of rules, e.g. `B-5`. */
  readonly id: string;
  /** Other names that the charter has for it, e.g. `11.3` of `B-7`: they may be used wherever a rule is named. */
  readonly also?: readonly string[];
  /** What must hold, in a few words. */
  readonly title: string;
  readonly severity: Severity;
  /** Why it matters, in a sentence. */
  readonly why: string;
  /** How to mend it, in a sentence. */
  readonly mend: string;
  /** Who catches it besides this tool; empty: nobody. */
  readonly caughtBy: readonly Catch[];
  /** Looks at a project's TypeScript and documents, also at one that has only some of what the rule is about. Pure. */
  readonly check: Check;
  /** The same rule over Python. Left out: there is nothing of it to decide. */
  readonly python?: Check;
}

export type Check = (project: Project, report: Report) => void;

export type Report = (found: RuleFinding) => void;
