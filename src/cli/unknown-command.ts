import type { Command } from "commander";
import { UnknownCommandError } from "./errors.ts";

/** Names of a command and of what it belongs to, as one types them. */
export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function refuse(area: Command, word: string): never {
  throw new UnknownCommandError(
    word,
    area.commands.map((command) => command.name()),
    fullName(area),
  );
}

/**
 * Says of a word that is no command which ones there are, here and in all areas below. commander names those that are
 * nearly alike and no others; and where an area has a command that is taken when none is named, it takes the word for an
 * argument of that one.
 *
 * @throws {UnknownCommandError} while a command line is read
 */
export function tellUnknownCommands(area: Command): void {
  if (area.commands.length === 0) return;
  area.on("command:*", ([word = ""]: readonly string[]) => refuse(area, word));
  area.hook("preSubcommand", (_area, taken) => {
    const [word] = area.args;
    if (word === undefined || word.startsWith("-") || taken.registeredArguments.length > 0) return;
    if (word !== taken.name() && !taken.aliases().includes(word)) refuse(area, word);
  });
  for (const command of area.commands) tellUnknownCommands(command);
}
