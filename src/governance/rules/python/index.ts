/** The rules over Python: what decides each of them there. */

import type { Check } from "../rule.ts";
import { pythonCalls } from "./calls.ts";
import { pythonConsuming } from "./consuming.ts";
import { pythonEnvelope } from "./envelope.ts";
import { pythonLeftovers } from "./leftovers.ts";
import { pythonMends } from "./mends.ts";
import { pythonNaming } from "./naming.ts";
import { pythonPayload } from "./payload.ts";
import { pythonPublishing } from "./publishing.ts";
import { pythonTestRules } from "./tests.ts";

/** Those whose pages show them. */
const shown = new Set(
  "N-1 N-2 N-3 N-4 N-5 N-6 N-7 N-8 N-9 11.1 E-8 P-1 P-2 P-3 P-4 P-5 P-6 P-7 B-1 B-2 B-3 B-4 B-5 B-6 B-7 C-1 C-2 C-3 C-4 C-5 C-6 C-7 C-8 T-1 T-2 T-3 T-4 T-4b".split(
    " ",
  ),
);

/** By id of the rule. */
export const pythonChecks: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    ...pythonNaming,
    ...pythonEnvelope,
    ...pythonPayload,
    ...pythonPublishing,
    ...pythonConsuming,
    ...pythonCalls,
    ...pythonTestRules,
    "11.8": pythonLeftovers.parallelPaths,
    C1b: pythonLeftovers.availability,
    mode: pythonLeftovers.modeFlag,
    code: pythonLeftovers.commentedCode,
    todo: pythonLeftovers.marks,
    unused: pythonLeftovers.unusedImports,
  })
    .filter(([id]) => shown.has(id))
    .map(([id, check]) => [id, withMend(check, pythonMends[id.toUpperCase()])]),
);

function withMend(check: Check, mend: string | undefined): Check {
  if (mend === undefined) return check;
  return (project, report) => check(project, (found) => report({ mend, ...found }));
}
