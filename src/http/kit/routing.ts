import { BadRequestError, boundIssues, issuesOf, ValidationError } from "@brain/engine";
import { isJsonObject, type JsonObject } from "@brain/schemas";
import { zValidator } from "@hono/zod-validator";
import type { Context, Env, Hono, MiddlewareHandler, ValidationTargets } from "hono";
import type * as z from "zod";
import { sizeCheckOf } from "./bounds.ts";
import { jsonOf, readJsonBody, readText } from "./request-body.ts";

/** What a piece of middleware takes from a request, so that all that routes accept can be listed and judged. */
export interface RequestPart {
  /** `input`: fields of the query and a JSON body; `text`, `bytes`: the route reads on its own; `none`: no body. */
  readonly from: keyof ValidationTargets | "input" | "text" | "bytes" | "none";
  /** Null where the route reads on its own, or nothing. */
  readonly schema: z.ZodType | null;
}

const isolateParts = new WeakMap<object, RequestPart>();

/** The part that this handler of a route takes; undefined for other handlers. */
export function requestPartOf(handler: object): RequestPart | undefined {
  return isolateParts.get(handler);
}

function takes<Handler extends object>(
  from: RequestPart["from"],
  schema: z.ZodType | null,
  handler: Handler,
): Handler {
  isolateParts.set(handler, { from, schema });
  return handler;
}

/**
 * Validates one part of a request with a zod schema; the handler reads it with `c.req.valid(target)`.
 *
 * @throws {ValidationError} 422, naming every field that was refused.
 * @throws {BadRequestError} 400, the body is no JSON
 */
export function validated<Schema extends z.ZodType, Target extends keyof ValidationTargets>(
  target: Target,
  schema: Schema,
) {
  const handler = zValidator(target, schema, (result) => {
    if (!result.success) throw refused(result.error as unknown as z.ZodError);
  });
  if (target !== "json") return takes(target, schema, handler);
  const acceptJson = accepting(schema);
  const read: MiddlewareHandler = async (c, next) => {
    const body = await readJsonBody(c);
    acceptJson(c, body === undefined ? {} : body);
    await next();
  };
  return takes(target, schema, read as typeof handler);
}

/** What of a field that comes in the query and in the body, with two values: refused, or the query counts. */
export type Disagreement = "refuse" | "query_wins";

type InputHandler<Schema extends z.ZodType> = MiddlewareHandler<
  object,
  string,
  { in: { json: z.input<Schema> }; out: { json: z.output<Schema> } }
>;

/**
 * Fields of the query, of a JSON object as body, or of both; the handler reads them with `c.req.valid("json")`.
 *
 * @throws as {@link validated}; a body that is no object: 400 where the query wins, otherwise 422
 */
export function validatedInput<Schema extends z.ZodType>(
  schema: Schema,
  disagreement: Disagreement,
): InputHandler<Schema> {
  const acceptInput = accepting(schema);
  const handler: InputHandler<Schema> = async (c, next) => {
    const query = c.req.query();
    const body = await readObject(c, disagreement);
    if (disagreement === "refuse") requireAgreement(query, body);
    acceptInput(c, disagreement === "refuse" ? { ...query, ...body } : { ...body, ...query });
    await next();
  };
  return takes("input", schema, handler);
}

function requireAgreement(query: Readonly<Record<string, string>>, body: JsonObject): void {
  const issues = Object.keys(query)
    .filter((key) => Object.hasOwn(body, key) && String(body[key]) !== query[key])
    .map((path) => ({ path, message: "differs between the query and the body" }));
  if (issues.length > 0) throw new ValidationError(notValid, { issues });
}

/**
 * Fields of a JSON object as body, or no body at all; the handler reads them with `c.req.valid("json")`. Unlike
 * {@link validated} it takes an empty body also when the content type says JSON, as {@link withoutBody} does.
 *
 * @throws as {@link validated}; a body that is no object: 422
 */
export function validatedOptional<Schema extends z.ZodType>(schema: Schema): InputHandler<Schema> {
  const accept = accepting(schema);
  const handler: InputHandler<Schema> = async (c, next) => {
    accept(c, await readObject(c, "refuse"));
    await next();
  };
  return takes("json", schema, handler);
}

async function readObject(c: Context, disagreement: Disagreement): Promise<JsonObject> {
  const text = await readText(c);
  const body = text.trim() === "" ? {} : jsonOf(text);
  if (isJsonObject(body)) return body;
  // The routes where the query wins have always said 400.
  const Refusal = disagreement === "query_wins" ? BadRequestError : ValidationError;
  throw new Refusal("The body is not an object. Send a JSON object, or the fields in the query.", {
    issues: [{ path: "", message: "expected a JSON object" }],
  });
}

function accepting(schema: z.ZodType): (c: Context, value: unknown) => void {
  const oversizeIn = sizeCheckOf(schema);
  return (c, value) => {
    const oversize = oversizeIn?.(value, "") ?? null;
    if (oversize !== null) throw new ValidationError(notValid, { issues: boundIssues([oversize]) });
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw refused(parsed.error);
    c.req.addValidatedData("json", parsed.data as object);
  };
}

const notValid = "The request is not valid; see details for each field.";

function refused(error: z.ZodError): ValidationError {
  return new ValidationError(notValid, { issues: issuesOf(error) });
}

/** Says that the route reads its body on its own, with `request-body.ts`. */
export function receives(what: "text" | "bytes"): MiddlewareHandler {
  return takes(what, null, (_c, next) => next());
}

/**
 * For a route without a body: one would be a setting that is not followed.
 *
 * @throws {ValidationError} there is a body, and it is more than `{}`
 */
export function withoutBody(): MiddlewareHandler {
  return takes("none", null, async (c, next) => {
    const text = (await readText(c)).replace(/\s+/g, "");
    if (text !== "" && text !== "{}") {
      throw new ValidationError("The request has a body, and this route takes none. Send it without.", {
        issues: [{ path: "", message: "expected no body, or {}" }],
      });
    }
    await next();
  });
}

/**
 * What an app answers, as information for people: `GET /courses/{course_id}`. Each once, in the order in which they were
 * added; middleware is left out.
 */
export function endpointsOf<E extends Env>({ routes }: Pick<Hono<E>, "routes">, base = ""): string[] {
  const endpoints = routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${base}${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  return [...new Set(endpoints)];
}
