import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { root } from "../workerd/bundle.ts";

/** Loading the source takes a second or two; one that hangs is no reason to wait for ever, ms. */
const limitMs = 60_000;

/**
 * Whether events and modules of the source can be made, in a process of its own: a fault in one is told with its place in
 * the source, and before the workers that run are stopped for it.
 *
 * @throws Error with what is wrong, and where in the source
 */
export async function checkComposition(): Promise<void> {
  const program = fileURLToPath(new URL("load-composition.ts", import.meta.url).href);
  try {
    await promisify(execFile)(process.execPath, [program, root], { cwd: root, timeout: limitMs });
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    throw new Error(stderr.trim() || String(error));
  }
}
