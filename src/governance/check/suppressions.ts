/** `charter-ignore B-5 until 2027-03-01: reason` in a comment: the findings of a rule in that line or the next one are not told. */

import type { Place } from "../finding.ts";
import { isBetweenTokens, isTypeScript } from "../tree/syntax/source.ts";
import { placeOfLine, type TextFile } from "../tree/text.ts";

export interface Suppression {
  readonly rule: string;
  /** The line of the comment, from 1. */
  readonly line: number;
  readonly place: Place;
  /** Null: it holds. Otherwise why it does not. */
  readonly fault: string | null;
}

/** A comment of TypeScript, of Python, or of Markdown. */
const written = /(?:\/\/|\/\*|#|<!--)\s*charter-ignore\b([^\n\r]*)/g;
const writtenInSql = /(?:--|\/\*)\s*charter-ignore\b([^\n\r]*)/g;
const shape = /^ {1,9}([A-Za-z0-9.-]+) {1,9}until {1,9}(\d{4}-\d\d-\d\d) ?:(.*)$/;
const ending = /(?:\*\/|-->)$/;
const minReason = 10;
/** Longer than a year nobody remembers why. */
const maxDays = 366;

const isDay = (text: string) => {
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
};

/** @param today `2026-11-26`, UTC */
export function suppressionsOf(file: TextFile, today: string): readonly Suppression[] {
  if (!file.text.includes("charter-ignore")) return [];
  const found = [...file.text.matchAll(file.path.endsWith(".sql") ? writtenInSql : written)].filter(
    ({ index }) => !isTypeScript(file.path) || isBetweenTokens(file, index),
  );
  return found.map((match) => {
    const line = file.text.slice(0, match.index).split("\n").length;
    const [, rule = "", until = "", rest = ""] = shape.exec(match[1] ?? "") ?? [];
    const reason = rest.trim().replace(ending, "").trim();
    return {
      rule: rule.toUpperCase(),
      line,
      place: placeOfLine(file, line),
      fault: faultOf(rule, until, reason, today),
    };
  });
}

function faultOf(rule: string, until: string, reason: string, today: string): string | null {
  if (rule === "")
    return "A suppression has the form `charter-ignore <rule> until <yyyy-mm-dd>: <reason>`, and this one has not.";
  if (!isDay(until)) return `The suppression of ${rule} ends on "${until}", which is no day.`;
  if (until < today) return `The suppression of ${rule} ended on ${until}.`;
  const days = (Date.parse(until) - Date.parse(today)) / 86_400_000;
  if (days > maxDays) return `The suppression of ${rule} ends on ${until}, which is more than a year away.`;
  if (reason.length < minReason)
    return `The suppression of ${rule} gives no reason that anybody could judge.`;
  return null;
}

/** It stands in the line of the finding, or alone above it. */
export const covers = (suppression: Suppression, rule: string, line: number) =>
  suppression.rule === rule.toUpperCase() && (suppression.line === line || suppression.line + 1 === line);
