import type * as z from "zod";
import type { Issue } from "./errors.ts";

/** The fields that zod refused, as dotted paths: `target_audiences.0`. The empty path is the value itself. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
}
