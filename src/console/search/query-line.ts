import { severities } from "@brain/schemas";
import { readLineTime } from "./line-times.ts";

/*
 * The search for events as one line: `type:course.* tenant:acme since:1h "some text"`. Names with a colon and a value,
 * in quotation marks where it has spaces; whatever else stands there is looked for in payloads. The same as the fields
 * of the form, which have the names of the API.
 */

/** Names in the line and of the API. */
export const lineFields = [
  ["type", "type"],
  ["tenant", "tenant_id"],
  ["key", "key"],
  ["story", "correlation_id"],
  ["cause", "causation_id"],
  ["actor", "actor_id"],
  ["agent", "agent_id"],
  ["module", "module"],
  ["source", "source"],
  ["target", "target"],
  ["mission", "mission_id"],
  ["task", "task_id"],
  ["severity", "severity"],
  ["since", "from"],
  ["until", "to"],
  ["told_since", "occurred_from"],
  ["told_until", "occurred_to"],
  ["payload", "payload"],
  ["entries", "entries"],
  ["order", "order"],
  ["archive", "archive"],
] as const;

export type ApiName = (typeof lineFields)[number][1] | "text";

/** What is asked for as it was written, by the names of the API. */
export type Asked = Readonly<Partial<Record<ApiName, string>>>;

/** What fields take that take only these. */
export const choices: Readonly<Partial<Record<ApiName, readonly string[]>>> = {
  severity: severities,
  entries: ["all", "own", "foreign"],
  order: ["newest", "oldest"],
  archive: ["false", "true"],
};

const times: readonly ApiName[] = ["from", "to", "occurred_from", "occurred_to"];

/** What is wrong, and where in the line. */
export interface LineIssue {
  readonly kind:
    | "unknown_field"
    | "no_value"
    | "open_quote"
    | "twice"
    | "not_a_choice"
    | "not_a_time"
    | "no_path";
  readonly at: number;
  readonly length: number;
  /** The field, or what stands for one. */
  readonly name: string;
  readonly value: string;
  /** A field with a similar name, or the choices. Empty: none. */
  readonly expected: readonly string[];
}

export interface ReadLine {
  readonly asked: Asked;
  readonly issues: readonly LineIssue[];
}

interface Word {
  /** Null: it is looked for in payloads. */
  readonly name: string | null;
  readonly value: string;
  readonly at: number;
  readonly length: number;
  readonly isOpen: boolean;
}

const nameShape = /([a-z_]+(?:\.[^\s:"]*)?):/iy;
const quotedShape = /"((?:[^"\\]|\\.)*)("?)/sy;
const bareShape = /\S+/y;

function* wordsOf(line: string): Generator<Word> {
  let at = 0;
  const take = (shape: RegExp): RegExpExecArray | null => {
    shape.lastIndex = at;
    const found = shape.exec(line);
    if (found !== null) at += found[0].length;
    return found;
  };
  for (;;) {
    take(/\s*/y);
    if (at >= line.length) return;
    const start = at;
    const name = take(nameShape)?.[1] ?? null;
    const quoted = take(quotedShape);
    const value = quoted === null ? (take(bareShape)?.[0] ?? "") : unquoted(quoted[1] ?? "");
    const isOpen = quoted !== null && quoted[2] === "";
    yield { name, value, at: start, length: at - start, isOpen };
  }
}

const unquoted = (text: string) => text.replace(/\\(.)/gs, "$1");

/** Reads a line; what is wrong in it is told with its place, and left out. */
export function readLine(line: string): ReadLine {
  const asked: Partial<Record<ApiName, string>> = {};
  const issues: LineIssue[] = [];
  const texts: string[] = [];
  for (const word of wordsOf(line)) {
    const { name, value, at, length } = word;
    const refuse = (kind: LineIssue["kind"], expected: readonly string[] = []) =>
      issues.push({ kind, at, length, name: name ?? "", value, expected });
    if (word.isOpen) {
      refuse("open_quote");
      continue;
    }
    if (name === null) {
      if (value !== "") texts.push(value);
      continue;
    }
    const [head = "", ...path] = name.split(".");
    const field = fieldOf(head);
    if (field === null || (path.length > 0 && field !== "payload")) {
      refuse("unknown_field", nearest(head));
      continue;
    }
    if (value === "") refuse("no_value", choices[field] ?? []);
    else if (field === "payload" && path.join(".") === "" && !/^[^=]+=/.test(value)) refuse("no_path");
    else if (asked[field] !== undefined && field !== "type") refuse("twice");
    else if (choices[field]?.includes(spelled(field, value)) === false)
      refuse("not_a_choice", choices[field]);
    else asked[field] = askedValue(field, path, value, asked[field]);
  }
  if (texts.length > 0) asked.text = texts.join(" ");
  return { asked, issues };
}

function askedValue(
  field: ApiName,
  path: readonly string[],
  value: string,
  before: string | undefined,
): string {
  if (field === "payload") return path.length === 0 ? value : `${path.join(".")}=${value}`;
  // Several types are one question.
  if (before !== undefined) return `${before},${value}`;
  return spelled(field, value);
}

/** Severities are in large letters, whoever wrote them. */
const spelled = (field: ApiName, value: string) => (field === "severity" ? value.toUpperCase() : value);

function fieldOf(name: string): ApiName | null {
  const lower = name.toLowerCase();
  return lineFields.find(([short, api]) => short === lower || api === lower)?.[1] ?? null;
}

/** A field that begins alike. */
function nearest(name: string): readonly string[] {
  const lower = name.toLowerCase();
  for (let length = lower.length; length >= 2; length -= 1) {
    const found = lineFields.find(([short]) => short.startsWith(lower.slice(0, length)));
    if (found !== undefined) return [found[0]];
  }
  return [];
}

const quoted = (value: string) => `"${value.replace(/["\\]/g, "\\$&")}"`;
const written = (value: string) => (/^[^\s"]+$/.test(value) ? value : quoted(value));

/** The line that asks for this. */
export function writeLine(asked: Asked): string {
  const words = lineFields.flatMap(([name, api]) => {
    const value = asked[api];
    if (value === undefined || value === "") return [];
    if (api !== "payload") return [`${name}:${written(value)}`];
    const [, path = "", text = ""] = /^([^=]*)=(.*)$/s.exec(value) ?? [];
    return [
      /^[^\s:"]+$/.test(path) && text !== ""
        ? `payload.${path}:${written(text)}`
        : `payload:${written(value)}`,
    ];
  });
  return [...words, ...(asked.text === undefined || asked.text === "" ? [] : [quoted(asked.text)])].join(" ");
}

/** As the API takes it: times told exactly. @param line where issues have their places */
export function toApiQuery(
  { asked, issues }: ReadLine,
  line: string,
  now: Date,
  zone: string,
): { readonly query: Asked; readonly issues: readonly LineIssue[] } {
  const query: Partial<Record<ApiName, string>> = { ...asked };
  const found = [...issues];
  for (const field of times) {
    const value = asked[field];
    if (value === undefined) continue;
    const time = readLineTime(value, now, zone);
    if (time !== null) {
      query[field] = time;
      continue;
    }
    delete query[field];
    const word = [...wordsOf(line)].find(({ name }) => name !== null && fieldOf(name) === field);
    const { at = 0, length = 0 } = word ?? {};
    found.push({ kind: "not_a_time", at, length, name: word?.name ?? field, value, expected: [] });
  }
  return { query, issues: found.sort((a, b) => a.at - b.at) };
}

/** A single word that may be an id; null: the line asks for something else. */
export function idOf(line: string): string | null {
  const word = line.trim();
  return /^[\w.@/-]{6,255}$/.test(word) && /\d/.test(word) ? word : null;
}
