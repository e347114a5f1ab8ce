import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import type { Command } from "commander";
import type { Plan, Step } from "../governance/scaffold/write/plan.ts";
import type { FileChange } from "../governance/scaffold/write/tree.ts";
import { CliError, UsageError } from "./errors.ts";
import { fileError, isFileError } from "./file-errors.ts";
import { createOutput, type Output } from "./output.ts";
import type { GlobalOptions } from "./settings.ts";

/** Options of whatever writes parts of a project. */
export interface WriteOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly filesOnly?: boolean;
}

export const outputOf = (command: Command) =>
  createOutput(command.optsWithGlobals<GlobalOptions>().json === true);

/** Who works here: as git knows it, or else the machine. */
export function ownerHere(): string {
  try {
    const name = execFileSync("git", ["config", "user.name"], { stdio: ["ignore", "pipe", "ignore"] });
    const text = name.toString().trim();
    if (text !== "") return text;
  } catch {
    // No git, or no name in it.
  }
  return userInfo().username;
}

/** Makes the plan, then writes it or tells it. What cannot be written is a wrong use. */
export async function writing(
  options: WriteOptions,
  out: Output,
  planned: () => Promise<Plan>,
): Promise<void> {
  const { ScaffoldError } = await import("../governance/scaffold/errors.ts");
  const { applyPlan, StepError } = await import("../governance/scaffold/write/apply.ts");
  const { checkPlan, plannedChanges } = await import("../governance/scaffold/write/plan.ts");
  try {
    const plan = await planned();
    checkPlan(plan);
    const { dryRun: isDry = false, filesOnly: isWithoutSteps = false } = options;
    const written = isWithoutSteps ? { ...plan, steps: [] } : plan;
    const left = isDry || isWithoutSteps ? plan.steps : [];
    try {
      const changes = isDry
        ? plannedChanges(plan)
        : await applyPlan(written, (what) => out.json || out.note(`making ${what}`));
      tell(plan, { changes, left }, out, isDry);
    } catch (error) {
      if (error instanceof StepError) tell(plan, error, out, isDry);
      throw error;
    }
  } catch (error) {
    if (error instanceof ScaffoldError) throw new UsageError(error.message, { cause: error });
    if (error instanceof StepError) throw new CliError(error.message, { cause: error });
    if (isFileError(error)) throw fileError(`${error.path} cannot be written`, error);
    throw error;
  }
}

interface Applied {
  readonly changes: readonly FileChange[];
  /** Programs that are not run yet. */
  readonly left: readonly Step[];
}

const commandOf = ({ command }: Step) => command.join(" ");

function tell({ steps, notes }: Plan, { changes, left }: Applied, out: Output, isDry: boolean): void {
  if (out.json) {
    const commands = steps.map(commandOf);
    out.data({ dry_run: isDry, files: changes, commands, left: left.map(commandOf), notes });
    return;
  }
  for (const { path, change } of changes) out.line(`${change.padEnd(7)}  ${path}`);
  for (const step of left) out.line(`run      ${commandOf(step)}`);
  for (const note of notes) out.line(note);
  if (isDry)
    out.note(left.length > 0 ? "Nothing was written; the programs write more." : "Nothing was written.");
}
