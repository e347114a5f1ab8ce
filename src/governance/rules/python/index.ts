/** The rules over Python: what decides each of them there. */

import type { Check } from "../rule.ts";
import { pythonCalls } from "./calls.ts";

/** By id of the rule. */
export const pythonChecks: ReadonlyMap<string, Check> = new Map(Object.entries({ ...pythonCalls }));
