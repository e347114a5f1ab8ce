import { type Command, InvalidArgumentError } from "commander";

/** Parses the value behind what was given before; commander's own form. */
type Parse = (value: string, previous: unknown) => unknown;

/**
 * Refuses an empty text for any option or argument, here and in all commands below: mostly a variable of a shell that was
 * never set. As a filter it would be one that nothing meets, or none at all, and more would be changed than was meant.
 *
 * @throws {InvalidArgumentError} while a command line is read
 */
export function refuseEmptyValues(command: Command): void {
  for (const option of command.options) {
    if (!option.required && !option.optional) continue;
    const parse: Parse | undefined = option.parseArg;
    option.argParser((value: string, previous: unknown) => {
      requireText(value, `Give it a value, or leave ${option.long ?? option.flags} out.`);
      return parse === undefined ? value : parse(value, previous);
    });
  }
  for (const argument of command.registeredArguments) {
    const parse: Parse | undefined = argument.parseArg;
    argument.argParser((value: string, previous: unknown) => {
      requireText(value, "Expected a value.");
      if (parse !== undefined) return parse(value, previous);
      return argument.variadic ? [...(Array.isArray(previous) ? previous : []), value] : value;
    });
  }
  for (const inner of command.commands) refuseEmptyValues(inner);
}

function requireText(value: string, whatToDo: string): void {
  if (value.trim() === "") throw new InvalidArgumentError(`It is empty. ${whatToDo}`);
}
