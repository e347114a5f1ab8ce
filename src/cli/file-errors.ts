import { FolderError } from "../governance/files/make-folder.ts";
import { CliError, UsageError } from "./errors.ts";

/** What is wrong with a path that the caller chose, by the code of the system. */
const wrongPath: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "it is a file where a folder is expected, or leads through one",
  EISDIR: "it is a folder where a file is expected",
  EEXIST: "it is a file where a folder is expected",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "it lies on a file system that is only read",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the name is too long",
  ERR_INVALID_ARG_VALUE: "the name has a character that no file name has",
};

/**
 * What a file or folder refused, in one line. Another path may help: the command was given wrong. A disk that is full or
 * fails is nobody's mistake.
 *
 * @param what e.g. `data/events.json cannot be read`
 */
export function fileError(what: string, error: unknown): UsageError | CliError {
  if (error instanceof FolderError) return new UsageError(`${what}: ${error.message}`, { cause: error });
  const { code = "unknown", message } = error as NodeJS.ErrnoException;
  const reason = wrongPath[code];
  if (reason !== undefined) return new UsageError(`${what} (${code}): ${reason}.`, { cause: error });
  return new CliError(`${what} (${code}): ${message}.`, { cause: error });
}

/**
 * Works on a file or folder.
 *
 * @param what as for {@link fileError}, which is thrown when it refuses
 */
export async function tellingFileError<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(what, error);
  }
}

/** Whether a file or folder refused, so that {@link fileError} can tell it. */
export function isFileError(error: unknown): error is Error & { readonly path: string } {
  return error instanceof Error && "code" in error && "syscall" in error && "path" in error;
}
