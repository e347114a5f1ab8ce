/** The command was given wrong; exit code 2. */
export class UsageError extends Error {}

/** There is no command of this name among `names`, which stand behind `program`, e.g. `charter dlq`. */
export class UnknownCommandError extends UsageError {
  readonly word: string;
  readonly names: readonly string[];
  readonly program: string;

  constructor(word: string, names: readonly string[], program: string) {
    super(`There is no command ${JSON.stringify(word.slice(0, 100))} of ${program}.`);
    this.word = word;
    this.names = names;
    this.program = program;
  }
}

/** It could not be done; the message is all that the user needs. Exit code 1. */
export class CliError extends Error {}

/** Nothing answers; while following, it is worth another try. */
export class ConnectionError extends CliError {}

/** The server answered that it cannot or will not do it. */
export class AnswerError extends CliError {
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The tool did its work, and what it judged is not as it should be. Exit code 100, as Buf has it. Nothing is printed for it. */
export class FindingsError extends CliError {}

/** A program that was run ended with `exitCode`, and so do we. Nothing is printed for it: it has said what it had to say. */
export class ProgramEndedError extends CliError {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`The program ended with ${exitCode}.`);
    this.exitCode = exitCode;
  }
}
