/** Why an event was refused. Closed set. */
export type CharterErrorCode =
  | "unknown_event_type"
  | "foreign_event_type"
  | "invalid_envelope"
  | "invalid_payload"
  | "payload_too_large"
  | "forbidden_content"
  | "invalid_name"
  | "invalid_catalog"
  | "invalid_message_id";

/** One refused field. `path` is dotted (`payload.course_id`); the empty path is the value itself. */
export interface CharterIssue {
  readonly path: string;
  /** What was expected and what to do. Never holds a secret or a long value. */
  readonly message: string;
  /** The received type, or a short value that is safe to show. */
  readonly received?: string;
}

/**
 * An event, a definition or an id breaks the Event Charter v1.0. Retrying cannot help.
 * `message` names every refused field and is safe to log and to show.
 */
export class CharterError extends Error {
  readonly code: CharterErrorCode;
  readonly issues: readonly CharterIssue[];

  constructor(code: CharterErrorCode, summary: string, issues: readonly CharterIssue[] = []) {
    super(issues.length === 0 ? summary : `${summary} ${listIssues(issues)}`);
    this.name = "CharterError";
    this.code = code;
    this.issues = issues;
  }
}

/** Input decides how many there are, so a message lists some of them. */
const maxListed = 20;

function listIssues(issues: readonly CharterIssue[]): string {
  const listed = issues.slice(0, maxListed).map(formatIssue).join("; ");
  return issues.length <= maxListed ? listed : `${listed}; and ${issues.length - maxListed} more`;
}

function formatIssue(issue: CharterIssue): string {
  const received = issue.received === undefined ? "" : ` (received ${issue.received})`;
  return `${issue.path || "(value)"}: ${issue.message}${received}`;
}

const harmlessWord = /^[A-Za-z][A-Za-z_ .-]{0,39}$/;
const maxShownNumber = 1_000_000_000;

/**
 * A short text for "received …": the type of compound values, plain words, flags and small numbers as they are.
 * Any other text is told by its length only, because it could be a secret that stands in the wrong field.
 */
export function describeReceived(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "string") {
    return harmlessWord.test(value) ? `"${value}"` : `a text of ${value.length} characters`;
  }
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return Math.abs(value) < maxShownNumber ? String(value) : "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
