/** The command was given wrong; exit code 2. */
export class UsageError extends Error {}

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
