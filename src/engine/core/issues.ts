import type * as z from "zod";
import type { Issue } from "./errors.ts";

/** More are not told one by one. */
const maxIssues = 20;

const maxPathLength = 200;
const maxMessageLength = 300;

/**
 * The fields that zod refused, as dotted paths: `target_audiences.0`. The empty path is the value itself. At most
 * {@link maxIssues}, and one more that counts the others.
 */
export function issuesOf(error: z.ZodError): Issue[] {
  return boundIssues(
    error.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message })),
  );
}

/** Input decides how many fields are refused, how they are called and how long that gets; an answer stays small. */
export function boundIssues(issues: readonly Issue[], max: number = maxIssues): Issue[] {
  const told = issues.slice(0, max).map(({ path, message }) => ({
    path: boundText(path, maxPathLength),
    message: boundText(message, maxMessageLength),
  }));
  const others = issues.length - told.length;
  return others === 0 ? told : [...told, { path: "", message: `and ${others} more` }];
}

/** Cut at `maxLength` UTF-16 units, with `…`; never within a surrogate pair. */
export function boundText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength).toWellFormed()}…`;
}
