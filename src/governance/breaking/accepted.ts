/** `charter-breaking.json`: breaks that somebody accepted, each with a reason and a date. They are not told again. */

import type { Break } from "./decide.ts";
import { type RuleId, rules } from "./rules.ts";
import { pathText } from "./shapes/shape.ts";

export interface AcceptedBreak {
  readonly rule: RuleId;
  readonly event: string;
  /** `payload.items[].title`; null: the event as a whole. */
  readonly field: string | null;
  readonly reason: string;
  /** Day on which it was accepted, `2026-11-27`. */
  readonly date: string;
}

/** The file is none of accepted breaks, or an entry does not say enough. */
export class AcceptedError extends Error {}

export const acceptedFile = "charter-breaking.json";

const minReason = 10;
const form =
  '{ "version": 1, "accepted": [{ "rule": "FIELD_REMOVED", "event": "library.book.lent", "field": "payload.shelf", "reason": "…", "date": "2026-11-27" }] }';

/**
 * @param today `2026-11-27`, UTC
 * @throws {AcceptedError} naming the entry, and what is wrong with it
 */
export function parseAccepted(text: string, path: string, today: string): readonly AcceptedBreak[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AcceptedError(`${path} is no JSON: ${String(error)}. Expected ${form}.`, { cause: error });
  }
  const { version, accepted } = (value ?? {}) as { readonly version?: unknown; readonly accepted?: unknown };
  if (version !== 1 || !Array.isArray(accepted))
    throw new AcceptedError(`${path} holds no accepted breaks of a form that is known. Expected ${form}.`);
  return accepted.map((entry, index) => {
    const fault = faultOf((entry ?? {}) as Partial<Record<keyof AcceptedBreak, unknown>>, today);
    if (fault !== null) throw new AcceptedError(`${path}: entry ${index + 1} ${fault}. Expected ${form}.`);
    return { ...(entry as AcceptedBreak), field: (entry as Partial<AcceptedBreak>).field ?? null };
  });
}

function faultOf(entry: Partial<Record<keyof AcceptedBreak, unknown>>, today: string): string | null {
  const { rule, event, field, reason, date } = entry;
  if (typeof rule !== "string" || !Object.hasOwn(rules, rule))
    return `names the rule ${JSON.stringify(rule)}, which is none`;
  if (typeof event !== "string" || event === "") return "names no event";
  if (field !== undefined && field !== null && typeof field !== "string")
    return "has a field that is no text";
  if (typeof reason !== "string" || reason.trim().length < minReason)
    return `gives no reason that anybody could judge (${minReason} characters at least)`;
  if (typeof date !== "string" || !isDay(date))
    return `has no day as its date, received ${JSON.stringify(date)}`;
  return date > today ? `was accepted on ${date}, which is yet to come` : null;
}

function isDay(text: string): boolean {
  const time = new Date(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)
  );
}

export function withoutAccepted(
  breaks: readonly Break[],
  accepted: readonly AcceptedBreak[],
): { readonly left: readonly Break[]; readonly unused: readonly AcceptedBreak[] } {
  const covers = (entry: AcceptedBreak, found: Break) =>
    entry.rule === found.rule &&
    entry.event === found.type &&
    (entry.field === null || entry.field === (found.path === null ? null : pathText(found.path)));
  return {
    left: breaks.filter((found) => !accepted.some((entry) => covers(entry, found))),
    unused: accepted.filter((entry) => !breaks.some((found) => covers(entry, found))),
  };
}
