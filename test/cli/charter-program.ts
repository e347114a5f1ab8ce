import { root } from "../../tools/root.ts";

/** The program that `npm run charter` starts, for tests that run it in a process of its own. */
export const charterProgram = `${root}src/cli/main.ts`;
