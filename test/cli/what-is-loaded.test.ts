import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { charterProgram } from "./charter-program.ts";

/** Tells on standard error which modules a program loads. */
const telling = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  import { writeSync } from "node:fs";
  registerHooks({ load(url, context, next) { writeSync(2, url + "\\n"); return next(url, context); } });
`)}`;

/** Modules of the engine, the schemas and the product that a command loads before it asks anybody. */
function loadedBy(args: readonly string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ["--import", telling, charterProgram, ...args], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, CHARTER_URL: "http://127.0.0.1:9", CHARTER_KEY: "nobody-asks-for-it" },
  });
  expect(stderr).toContain("/src/cli/program.ts");
  return stderr
    .split("\n")
    .filter((url) =>
      /\/(schemas|src\/(engine|modules|http))\/|\/node_modules\/(zod|drizzle-orm)\//.test(url),
    );
}

// Both together took more than a second of each command, and scripts run many.
test.each([["--help"], ["doctor"], ["dlq", "ls"], ["consumers"], ["export", "--help"], ["tasks", "--help"]])(
  "charter %s starts without the engine and the schemas",
  (...args) => {
    expect(loadedBy(args)).toEqual([]);
  },
);

test("what reads files of task events brings them along", () => {
  expect(loadedBy(["tasks", "query", "/nowhere"]).length).toBeGreaterThan(100);
});
