import { antiPatterns } from "./anti-patterns.ts";
import type { Rule } from "./rule.ts";

/** Every rule, in the order of the charter. A new one is named in the list of its file, and has a page. */
export const rules: readonly Rule[] = [...antiPatterns];
