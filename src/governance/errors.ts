/** What the user gave is wrong: a path, a rule, a revision, a file. The message says what was expected. */
export class InputError extends Error {}

/** What the user gave is right, and it cannot be done all the same. */
export class ToolError extends Error {}

type ErrorClass = abstract new (...given: never[]) => Error;

/** Runs work; an error of one of the classes becomes a `target` with the same message, all others stay as they are. */
export const rethrownAs =
  (target: typeof InputError | typeof ToolError, ...classes: readonly ErrorClass[]) =>
  async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error && classes.some((one) => error instanceof one))
        throw new target(error.message, { cause: error });
      throw error;
    }
  };
