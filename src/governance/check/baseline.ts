/** Findings that were there when somebody began: they are not told again, new ones are. */

import { createHash } from "node:crypto";
import { isJsonWith } from "../files/own-file.ts";
import type { Finding } from "../finding.ts";
import { lineText, type TextFile } from "../tree/text.ts";

export interface BaselineEntry {
  readonly rule: string;
  readonly file: string;
  /** Of the line's text without its white space, so that it survives when lines move. */
  readonly digest: string;
  /** How many of them the file has. */
  readonly count: number;
}

export interface Baseline {
  readonly version: 1;
  readonly findings: readonly BaselineEntry[];
}

/** The file is no baseline. */
export class BaselineError extends Error {}

const keyOf = ({ rule, file, digest }: Omit<BaselineEntry, "count">) => `${rule}\n${file}\n${digest}`;

function digestOf(finding: Finding, file: TextFile | undefined): string {
  const text = file === undefined ? "" : lineText(file, finding.line).replace(/\s+/g, "");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

export function baselineOf(findings: readonly Finding[], files: ReadonlyMap<string, TextFile>): Baseline {
  const counted = new Map<string, BaselineEntry>();
  for (const finding of findings) {
    const entry = {
      rule: finding.rule,
      file: finding.file,
      digest: digestOf(finding, files.get(finding.file)),
    };
    counted.set(keyOf(entry), { ...entry, count: (counted.get(keyOf(entry))?.count ?? 0) + 1 });
  }
  const sorted = [...counted.entries()].sort(([left], [right]) => (left < right ? -1 : 1));
  return { version: 1, findings: sorted.map(([, entry]) => entry) };
}

export interface Compared {
  /** Not in the baseline. */
  readonly fresh: readonly Finding[];
  readonly known: number;
  /** Entries that nothing is left of: the baseline can shrink. */
  readonly gone: number;
}

export function compareWith(
  baseline: Baseline,
  findings: readonly Finding[],
  files: ReadonlyMap<string, TextFile>,
): Compared {
  const left = new Map(baseline.findings.map((entry) => [keyOf(entry), entry.count]));
  const fresh = findings.filter((finding) => {
    const key = keyOf({
      rule: finding.rule,
      file: finding.file,
      digest: digestOf(finding, files.get(finding.file)),
    });
    const count = left.get(key) ?? 0;
    if (count === 0) return true;
    left.set(key, count - 1);
    return false;
  });
  const gone = [...left.values()].reduce((sum, count) => sum + count, 0);
  return { fresh, known: findings.length - fresh.length, gone };
}

/** Whether a text is one, also of another form: it may be written anew. */
export const isBaseline = (text: string): boolean => isJsonWith(text, "version", "findings");

/** @throws {BaselineError} it is none, or one of a newer form */
export function parseBaseline(text: string, path: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BaselineError(`${path} is no JSON (${String(error)}). Write it anew with --write-baseline.`);
  }
  const found = value as Partial<Baseline> | null;
  const isOne =
    found?.version === 1 &&
    Array.isArray(found.findings) &&
    found.findings.every(
      (entry) =>
        typeof entry?.rule === "string" && typeof entry.file === "string" && Number.isInteger(entry.count),
    );
  if (!isOne) {
    throw new BaselineError(
      `${path} is no baseline: expected { "version": 1, "findings": [{ rule, file, digest, count }] }. Write it anew with --write-baseline.`,
    );
  }
  return found as Baseline;
}
