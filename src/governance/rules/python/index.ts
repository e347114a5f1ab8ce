/** The rules over Python: what decides each of them there. */

import type { Check } from "../rule.ts";
import { pythonCalls } from "./calls.ts";
import { pythonConsuming } from "./consuming.ts";
import { pythonEnvelope } from "./envelope.ts";
import { pythonLeftovers } from "./leftovers.ts";
import { pythonNaming } from "./naming.ts";
import { pythonPayload } from "./payload.ts";
import { pythonPublishing } from "./publishing.ts";

/** Those whose pages show them. */
const shown = new Set("N-1 N-2 N-3 N-4 N-5 N-6 N-7 N-8 N-9 11.1".split(" "));

/** By id of the rule. */
export const pythonChecks: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    ...pythonNaming,
    ...pythonEnvelope,
    ...pythonPayload,
    ...pythonPublishing,
    ...pythonConsuming,
    ...pythonCalls,
    "11.8": pythonLeftovers.parallelPaths,
    C1b: pythonLeftovers.availability,
    mode: pythonLeftovers.modeFlag,
    code: pythonLeftovers.commentedCode,
    todo: pythonLeftovers.marks,
    unused: pythonLeftovers.unusedImports,
  }).filter(([id]) => shown.has(id)),
);
