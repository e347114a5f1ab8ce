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
import { pythonReading } from "./readable.ts";
import { pythonTestRules } from "./tests.ts";

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
    ...pythonReading,
    "11.8": pythonLeftovers.parallelPaths,
    C1b: pythonLeftovers.availability,
    "M-1": pythonLeftovers.modeFlag,
    "L-1": pythonLeftovers.commentedCode,
    "L-2": pythonLeftovers.marks,
    "L-3": pythonLeftovers.unusedImports,
  }).map(([id, check]) => [id, withMend(check, pythonMends[id.toUpperCase()])]),
);

function withMend(check: Check, mend: string | undefined): Check {
  if (mend === undefined) return check;
  return (project, report) => check(project, (found) => report({ mend, ...found }));
}
