import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { type Plan, plannedChanges, type Step, writePlan } from "./plan.ts";
import { changesBetween, digestsOf, type FileChange } from "./tree.ts";

/** A program that was run behind the files failed; they stay. */
export class StepError extends Error {
  override readonly name = "StepError";
  /** All files that are new or otherwise now. */
  readonly changes: readonly FileChange[];
  /** What is left to be run: the program that failed, and those behind it. */
  readonly left: readonly Step[];

  constructor(message: string, changes: readonly FileChange[], left: readonly Step[]) {
    super(message);
    this.changes = changes;
    this.left = left;
  }
}

/** Null: it is done; otherwise how it ended, with its output. */
async function runStep(root: string, { command }: Step): Promise<string | null> {
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
  return code === 0 ? null : `${command.join(" ")} ended with ${code}.\n${output.trim()}`;
}

/**
 * Writes the files, then runs the programs, one after the other.
 *
 * @returns all files that are new or otherwise now: those of the plan, then what the programs wrote
 * @throws {ScaffoldError} nothing was written
 * @throws {StepError} the files are written, and a program failed; says which, and what is left
 */
export async function applyPlan(plan: Plan, onStep: (what: string) => void): Promise<readonly FileChange[]> {
  const planned = plannedChanges(plan);
  if (plan.steps.length === 0) {
    writePlan(plan);
    return planned;
  }
  const before = digestsOf(plan.root);
  writePlan(plan);
  const known = new Set(planned.map(({ path }) => path));
  const changes = () => [
    ...planned,
    ...changesBetween(before, digestsOf(plan.root)).filter(({ path }) => !known.has(path)),
  ];
  for (const [index, step] of plan.steps.entries()) {
    onStep(step.what);
    const failure = await runStep(plan.root, step);
    if (failure === null) continue;
    const message = `The files are written, and ${step.what} could not be made: ${failure}`;
    throw new StepError(message, changes(), plan.steps.slice(index));
  }
  return changes();
}
