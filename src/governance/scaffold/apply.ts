import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { type Plan, plannedChanges, type Step, writePlan } from "./plan.ts";
import { changesBetween, digestsOf, type FileChange } from "./tree.ts";

/** A program that was run behind the files failed; they stay. */
export class StepError extends Error {
  override readonly name = "StepError";
}

/** @throws {StepError} with the program's output */
async function runStep(root: string, { what, command }: Step): Promise<void> {
  const [program, ...args] = command;
  const bin = join(root, "node_modules", ".bin");
  const isWindows = process.platform === "win32";
  const path = program === "node" ? process.execPath : join(bin, isWindows ? `${program}.cmd` : program);
  const child = spawn(path, args, {
    cwd: root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    shell: isWindows && program !== "node",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).catch((error: unknown) => {
    output += String(error);
    return null;
  });
  if (code === 0) return;
  throw new StepError(
    `The files are written, and ${what} could not be made: ${command.join(" ")} ended with ${code}.\n${output.trim()}`,
  );
}

/**
 * Writes the files, then runs the programs, one after the other.
 *
 * @returns all files that are new or otherwise now: those of the plan, then what the programs wrote
 * @throws {ScaffoldError} nothing was written
 * @throws {StepError} the files are written, and a program failed
 */
export async function applyPlan(plan: Plan, onStep: (what: string) => void): Promise<readonly FileChange[]> {
  const planned = plannedChanges(plan);
  if (plan.steps.length === 0) {
    writePlan(plan);
    return planned;
  }
  const before = digestsOf(plan.root);
  writePlan(plan);
  for (const step of plan.steps) {
    onStep(step.what);
    await runStep(plan.root, step);
  }
  const known = new Set(planned.map(({ path }) => path));
  const made = changesBetween(before, digestsOf(plan.root)).filter(({ path }) => !known.has(path));
  return [...planned, ...made];
}
