import type * as z from "zod";
import type { EventDefinition } from "../define-event.ts";
import { CharterError, type CharterIssue, describeReceived } from "../errors.ts";
import { guardSealed } from "../guards/guard-values.ts";
import { forbiddenKeyReason } from "../guards/key-rules.ts";
import { forbiddenValue } from "../guards/pii.ts";
import { isPlainObject, type JsonObject } from "../json/json.ts";
import { sealedStart, subjectOf } from "../personal.ts";

/** Outcome of checking a payload that is about to be published; `value` is empty when something was refused. */
export interface CheckedPayload {
  readonly value: JsonObject;
  readonly invalid: readonly CharterIssue[];
  readonly forbidden: readonly CharterIssue[];
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let current = root;
  for (const step of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

function joined(path: readonly PropertyKey[], key?: string): string {
  return ["payload", ...path.map(String), ...(key === undefined ? [] : [key])].join(".");
}

const longestKey = 60;

/** Zod's message reduced to what was expected; what was received is told separately, without leaking it. */
function expectation(message: string): string {
  return message
    .replace(/, received .*$/, "")
    .replace(/^Invalid (?:input|option|string): (?:must )?/, (prefix) =>
      prefix.endsWith("must ") ? "must " : "",
    )
    .replace(/^Invalid ([\w -]+)$/, "expected a valid $1")
    .replace(/^Too (?:small|big): /, "");
}

/** Zod's issues as ours: one for each unknown key, each with what was received. */
export function payloadIssues(error: z.core.$ZodError, payload: unknown): CharterIssue[] {
  return error.issues.flatMap((issue): CharterIssue[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: joined(issue.path, key.length > longestKey || forbiddenValue(key) !== null ? "(a key)" : key),
        message: "unknown field; add it to the event's definition or leave it out",
      }));
    }
    return [
      {
        path: joined(issue.path),
        message: expectation(issue.message),
        received: describeReceived(valueAt(payload, issue.path)),
      },
    ];
  });
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, withoutUndefined(item)]],
    ),
  );
}

/** Fields that can be sealed, as the payload names whose they are. */
function sealable({ personal }: EventDefinition, payload: unknown): ReadonlySet<string> {
  if (personal.length === 0 || !isPlainObject(payload)) return new Set();
  const named = personal.filter((field) => subjectOf(field, payload as JsonObject) !== null);
  return new Set(named.map(({ field }) => field));
}

/**
 * Checks a payload for publishing; collects instead of throwing, so that an envelope can tell all faults at once.
 *
 * @param seals true: personal fields are sealed before they are stored, so they may hold what is about a person
 */
export function checkPayload(definition: EventDefinition, payload: unknown, seals = false): CheckedPayload {
  const sealed = seals ? sealable(definition, payload) : new Set<string>();
  const findings = guardSealed(payload, "payload", definition.knownKeys, sealed);
  for (const { field } of definition.personal) {
    const text = isPlainObject(payload) ? payload[field] : undefined;
    if (typeof text !== "string") continue;
    const path = `payload.${field}`;
    if (text.startsWith(sealedStart))
      findings.invalid.push({ path, message: "the text is sealed already; send it in clear" });
    const reason = sealed.has(field) ? null : forbiddenKeyReason(field, null);
    if (reason === null) continue;
    findings.forbidden.push({
      path,
      message: seals
        ? `the key names ${reason}, and the payload names nobody whose it is, so it cannot be sealed`
        : `the key names ${reason}, and there is no key to seal it with; set BRAIN_SECRETS_KEY`,
    });
  }
  if (findings.invalid.length > 0) return { value: {}, ...findings };
  const parsed = definition.payload.safeParse(payload);
  if (!parsed.success) {
    return { value: {}, invalid: payloadIssues(parsed.error, payload), forbidden: findings.forbidden };
  }
  const data = parsed.data as JsonObject;
  const invalid = definition.nullOnlyInHistory
    .filter((name) => data[name] === null)
    .map((name) => ({
      path: `payload.${name}`,
      message: "null stands only for what older producers left out; give the value",
      received: "null",
    }));
  const value = findings.hasUndefined ? (withoutUndefined(data) as JsonObject) : data;
  return { value, invalid, forbidden: findings.forbidden };
}

/**
 * Validates a payload for publishing.
 *
 * @throws {CharterError} `invalid_payload` naming every refused field, `forbidden_content` when the only fault is
 *   personal data, a secret or a provider id
 */
export function parsePayload(definition: EventDefinition, payload: unknown): JsonObject {
  const { value, invalid, forbidden } = checkPayload(definition, payload);
  const issues = [...invalid, ...forbidden];
  if (issues.length === 0) return value;
  throw new CharterError(
    invalid.length > 0 ? "invalid_payload" : "forbidden_content",
    `The payload of "${definition.type}" was refused.`,
    issues,
  );
}
