import { zValidator } from "@hono/zod-validator";
import type { ValidationTargets } from "hono";
import type * as z from "zod";
import { ValidationError } from "../core/errors.ts";
import { issuesOf } from "../core/issues.ts";

/**
 * Validates one part of a request with a zod schema; the handler reads it with `c.req.valid(target)`.
 *
 * @throws {ValidationError} 422, naming every field that was refused.
 */
export function validated<Schema extends z.ZodType, Target extends keyof ValidationTargets>(
  target: Target,
  schema: Schema,
) {
  return zValidator(target, schema, (result) => {
    if (!result.success) {
      throw new ValidationError("The request is not valid; see details for each field.", {
        issues: issuesOf(result.error as unknown as z.ZodError),
      });
    }
  });
}
