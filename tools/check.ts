/**
 * `npm run check`: everything that can be said about the project without running its tests. All steps run, two at a
 * time, also after a failure; the last line is `check: N passed, N failed`.
 */

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { root } from "./root.ts";
import { readToolOptions } from "./tool-options.ts";

interface Step {
  readonly name: string;
  /** Program of node_modules/.bin, or `node`, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Shows the output also when the step passes. */
  readonly showsOutput?: true;
}

/** Only what hangs ends by it: on a slow, busy machine the type check alone takes minutes. */
const timeLimitMs = 600_000;

/** TypeScript 7 is the same compiler, four times as fast; its `typescript` has no API yet, which `charter check` stands on. */
const compiler = "node_modules/typescript-native/bin/tsc";

/** The longest first, so that two at a time end together. */
const steps: readonly Step[] = [
  { name: "types for Workers and tools", command: ["node", compiler, "--noEmit", "-p", "tsconfig.json"] },
  { name: "bundles", command: ["node", "tools/checks/check-bundles.ts"], showsOutput: true },
  {
    name: "types for browsers",
    command: ["node", compiler, "--noEmit", "-p", "src/console/client/tsconfig.json"],
  },
  { name: "types for Deno", command: ["deno", "check", "workers/deno.ts"] },
  { name: "generated files", command: ["node", "tools/generate.ts", "--check"] },
  {
    name: "import rules",
    command: ["depcruise", "--output-type=err-long", "schemas", "src", "workers", "tools", "test"],
  },
  { name: "dead code and unused packages", command: ["knip"] },
  { name: "regular expressions", command: ["node", "tools/checks/check-patterns.ts"] },
  { name: "changes of events", command: ["node", "tools/checks/check-breaking.ts"] },
  { name: "rules of the charter", command: ["node", "src/cli/main.ts", "check", "--fail-on", "info"] },
  { name: "glossary", command: ["node", "tools/checks/check-glossary.ts"] },
  { name: "documents", command: ["node", "tools/checks/check-documents.ts"] },
  { name: "migrations", command: ["node", "tools/checks/check-migrations.ts"] },
  { name: "format and lint", command: ["biome", "check", "--error-on-warnings", "."] },
];

interface Result {
  readonly passed: boolean;
  readonly output: string;
}

/** Ends the steps that run, when the check itself is ended: else a type check would go on for minutes. */
const ending = new AbortController();
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => {
    ending.abort();
    process.exit(code);
  });
}

function run({ command: [program, ...args] }: Step): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeLimitMs,
      killSignal: "SIGKILL",
      signal: ending.signal,
      env: {
        ...process.env,
        NO_COLOR: "1",
        // Nothing is downloaded for a check, and nobody asks for a newer version.
        DENO_NO_UPDATE_CHECK: "1",
        NO_UPDATE_NOTIFIER: "1",
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", (error) => resolve({ passed: false, output: `${output}${error.message}\n` }));
    child.on("close", (code, signal) => {
      const note = signal === null ? "" : `ended by ${signal}; the limit is ${timeLimitMs / 1000} s\n`;
      resolve({ passed: code === 0, output: output + note });
    });
  });
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

readToolOptions("usage: npm run check", {});
let failed = 0;
const waiting = [...steps];

async function work(): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const startedAt = performance.now();
    const { passed, output } = await run(step);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    if (!passed) failed++;
    console.log(`${passed ? "✓" : "✗"} ${step.name}  ${seconds} s`);
    if ((!passed || step.showsOutput) && output.trim() !== "") console.log(indented(output));
  }
}

const workers = Math.min(2, availableParallelism());
await Promise.all(Array.from({ length: workers }, work));
console.log(`check: ${steps.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
