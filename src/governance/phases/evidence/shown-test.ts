/** A test, and what of the charter it shows of a module. */

import type { TestReport } from "./test-report.ts";

export type TestKind = "T-1" | "T-2" | "T-3" | "T-4" | "T-4b";

export interface ShownTest {
  readonly kind: TestKind;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Null: worked out at run time. */
  readonly title: string | null;
  /** Whose: the subscriber, or the module. */
  readonly of: string;
}

export interface TestEvidence {
  readonly shown: readonly ShownTest[];
  /** Null: no report was given. */
  readonly report: TestReport | null;
}
