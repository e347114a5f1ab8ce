import { type Command, InvalidArgumentError } from "commander";
import type { MoveState } from "../../../http/kit/answers/consumers.ts";
import { type Cli, cliOf } from "../../command.ts";
import { CliError } from "../../errors.ts";
import { printable } from "../../output.ts";
import { type MoveStep, movedModules, moveSteps } from "./move-steps.ts";

/** `charter move status`: how far a move from the Python system has come; exit code 1 while something is left to do. */
export function addMove(program: Command): void {
  const move = program.command("move").description("moving module by module from the Python system");
  move
    .command("status", { isDefault: true })
    .description("what other programs still write and read; exit code 1 while something is left to do")
    .option("--module <name>", "only this module; more than once for several", collectModules, [])
    .action((options: { readonly module: readonly string[] }, command: Command) =>
      status(cliOf(command), options.module.length === 0 ? movedModules : options.module),
    );
}

function collectModules(name: string, before: readonly string[]): readonly string[] {
  if (movedModules.some((module) => module === name)) return [...before, name];
  throw new InvalidArgumentError(`Expected one of ${movedModules.join(", ")}.`);
}

const marks: Readonly<Record<MoveStep["level"], string>> = { left: "LEFT ", note: "note " };

async function status({ client, out }: Cli, modules: readonly string[]): Promise<void> {
  const state = await client.get<MoveState>("/api/events/move");
  if (!state.stream_running) {
    throw new CliError(
      "No stream runs here, so nothing can be told of a move. Start it with BRAIN_EVENTSTREAM_MODE=required.",
    );
  }
  const steps = moveSteps(state, modules);
  const left = steps.filter(({ level }) => level === "left");
  if (out.json) out.data({ moved: left.length === 0, modules, steps, state });
  else {
    const { entries, of } = state.looked_at;
    out.line(`looked at the newest ${entries} of ${of} entries of ${state.stream}`);
    for (const { level, about, message } of steps)
      out.line(printable(`${marks[level]} ${about}: ${message}`));
    for (const name of modules) {
      if (!left.some(({ about }) => about === name))
        out.line(`ok    ${name}: nobody else writes or reads for it`);
    }
  }
  if (left.length > 0) {
    throw new CliError(
      `${left.length} ${left.length === 1 ? "thing is" : "things are"} left to do; see schemas/MOVING.md.`,
    );
  }
}
