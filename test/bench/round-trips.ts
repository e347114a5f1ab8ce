import { spawn } from "node:child_process";
import { root } from "../../tools/root.ts";

/**
 * `npm run bench roundtrips`: what each path costs in calls, as a table. The numbers are counted by the tests in
 * `test/round-trips/`, which hold them fixed, so this runs those tests and has them show what they counted.
 *
 * @returns the exit code
 */
export function benchRoundTrips(): Promise<number> {
  const child = spawn("vitest", ["run", "test/round-trips"], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, SHOW_ROUND_TRIPS: "1" },
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
