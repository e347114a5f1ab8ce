import type * as z from "zod";
import { BadRequestError, ValidationError } from "../../core/errors.ts";
import { issuesOf } from "../../core/issues.ts";

/** The parts of a request that {@link inputOf} reads. */
interface Incoming {
  readonly req: { text(): Promise<string>; query(): Record<string, string> };
}

/**
 * Fields of the query, of a JSON body, or of both, where the query wins.
 *
 * @throws {BadRequestError} the body is not a JSON object
 * @throws {ValidationError} names each field
 */
export async function inputOf<Schema extends z.ZodType>(
  c: Incoming,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let body: unknown = {};
  try {
    if (text.trim() !== "") body = JSON.parse(text);
  } catch (error) {
    throw new BadRequestError(
      "The body is not JSON. Send a JSON object, or query parameters without a body.",
      { cause: error },
    );
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new BadRequestError(
      "The body is not a JSON object. Send an object, or query parameters without a body.",
    );
  }
  const parsed = schema.safeParse({ ...body, ...c.req.query() });
  if (parsed.success) return parsed.data;
  throw new ValidationError("The request is not valid; see details for each field.", {
    issues: issuesOf(parsed.error),
  });
}
