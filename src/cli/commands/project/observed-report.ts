import { githubLine } from "../../../governance/report/github.ts";
import type {
  CatalogAnswer,
  CatalogEventDetails,
  CatalogFinding,
  FindingKind,
} from "../../../http/kit/product-answers.ts";
import { duration, facts, printable } from "../../output.ts";

/*
 * Findings of the catalogue in words. What the kinds mean stands in `src/http/OBSERVED.md`.
 */

/** What is so, and what to do. */
type Told = readonly [what: string, todo: string];

interface Facts {
  readonly type: string;
  readonly subject: string;
  readonly count: string;
  readonly of: string;
  /** `, last 3 h ago`, or nothing. */
  readonly last: string;
}

const texts: Readonly<Record<FindingKind, (facts: Facts) => Told>> = {
  unlisted_type: ({ subject, count, last }) => [
    `${subject} published it ${count} times${last}, and the catalogue does not have it.`,
    "Define it (defineEvent), name it among those of programs outside, or stop who publishes it.",
  ],
  missing_consumer: ({ subject }) => [
    `The catalogue names the consumer ${subject}, which does not exist.`,
    "Take the name away under consumers, put what is meant for a program outside under outside, or start the consumer.",
  ],
  letters_of_missing_consumer: ({ subject, count }) => [
    `${subject}, which does not exist, left ${count} open dead letters.`,
    `Look at them (charter dlq ls --subscriber ${subject}), then discard them or start the consumer again.`,
  ],
  idle_consumer: ({ subject }) => [
    `The catalogue names the consumer ${subject}, which has no handler of it.`,
    "Subscribe there with on(…), or take the name away under consumers.",
  ],
  unknown_field: ({ subject, count, of }) => [
    `The payload has ${subject}, which the schema has not: with a value in ${count} of ${of} events.`,
    "Add the field to the schema, or find who writes it; a reader drops it.",
  ],
  newer_version: ({ subject, count, of, last }) => [
    `${count} of ${of} events are of version ${subject}${last}, which the catalogue does not know.`,
    "A newer release publishes beside this one: roll it out everywhere, or back.",
  ],
  unhandled: () => [
    "No consumer handles it, and no program outside is named.",
    "Handle it, name under outside who wants it, or publish it no longer.",
  ],
  undeclared_consumer: ({ subject }) => [
    `${subject} handles it, and the catalogue does not name it.`,
    "Name it under consumers.",
  ],
  undeclared_producer: ({ subject, count, last }) => [
    `${subject} published it ${count} times${last}, and the catalogue does not name it.`,
    "Look whether it may; who publishes it within the product belongs under producers.",
  ],
  older_version: ({ subject, count, of, last }) => [
    `${count} of ${of} events are of the older version ${subject}${last}.`,
    "Find who still writes it; until then its upcast must stay.",
  ],
  never_filled: ({ subject, of }) => [
    `${subject} never had a value; events looked at: ${of}.`,
    "Fill it, or take it out of the schema with the next version.",
  ],
  large_payload: ({ count, of }) => [
    `One of ${of} payloads had ${count} bytes; above 8,192 each is logged.`,
    "Publish an id, and let consumers read the rest.",
  ],
  silent_producer: ({ subject }) => [
    `Others published it, and its producer ${subject} did not.`,
    "Look whether it works, and whether it is still the one.",
  ],
  above_guideline: ({ count, of }) => [
    `Of ${of} payloads the larger ones have ${count} bytes (p95); the guideline is 1,024.`,
    "Publish ids and states, no content.",
  ],
  not_lately: ({ last }) => [`It is not among the newest events${last}.`, "None, if it comes seldom."],
  never_published: () => ["The record has none.", "None, if what it tells of never happened."],
  never_received: () => [
    "The record has none; only programs outside publish it.",
    "None, if there is no such program.",
  ],
  older_name: ({ subject, count, last }) => [
    `It came ${count} times${last}: an older name of ${subject}, as which it is read.`,
    "Let its program write the new name when it can.",
  ],
  foreign_type: ({ subject, count, last }) => [
    `${subject} wrote it ${count} times${last}; the catalogue knows that it belongs to a program outside.`,
    "None.",
  ],
};

const number = new Intl.NumberFormat("en");
const counted = (value: number | null) => number.format(value ?? 0);

function told(finding: CatalogFinding, nowMs: number): Told {
  const { kind, type, subject, count, of, last_seen_at } = finding;
  // A newer server may know kinds that this program does not.
  const text: ((facts: Facts) => Told) | undefined = texts[kind];
  const last = last_seen_at === null ? "" : `, last ${duration(nowMs - Date.parse(last_seen_at))} ago`;
  const given = { type, subject: subject ?? "somebody", count: counted(count), of: counted(of), last };
  return (
    text?.(given) ?? [`${subject ?? ""} ${counted(count)}/${counted(of)}${last}`.trim(), "Update charter."]
  );
}

/** Grouped by kind, in the order given. */
export function findingsText(findings: readonly CatalogFinding[], nowMs: number): string {
  return findings
    .map((finding) => {
      const [what, todo] = told(finding, nowMs);
      const head = `${finding.level.padEnd(7)}  ${finding.type}  ${finding.kind}`;
      return [head, `  ${what}`, `  do: ${todo}`, ""].map(printable).join("\n");
    })
    .join("\n");
}

const commands = { error: "error", warning: "warning", note: "notice" } as const;

/** Lines that GitHub shows with a run. */
export function githubLines(findings: readonly CatalogFinding[], nowMs: number): readonly string[] {
  return findings.map((finding) => {
    const [what, todo] = told(finding, nowMs);
    return githubLine(commands[finding.level], { title: finding.kind }, `${finding.type}: ${what} ${todo}`);
  });
}

/** One event in numbers. */
export function eventText(event: CatalogEventDetails, nowMs: number): string {
  const { observed } = event;
  const ago = (time: string | null) => (time === null ? null : `${duration(nowMs - Date.parse(time))} ago`);
  const sizes = (observed?.payloads ?? []).map(
    ({ version, count, p50_bytes, p95_bytes, max_bytes }): readonly [string, string] => [
      `version ${version}`,
      `${counted(count)} looked at: p50 ${counted(p50_bytes)}, p95 ${counted(p95_bytes)}, max ${counted(max_bytes)} bytes`,
    ],
  );
  return `${facts([
    ["event", event.type],
    ["seen", counted(observed?.count ?? 0)],
    ["per hour", observed?.per_hour],
    ["first", ago(observed?.first_seen_at ?? null)],
    ["last", ago(observed?.last_seen_at ?? null)],
    [
      "producers",
      (observed?.producers ?? []).map(({ producer, count }) => `${producer} (${counted(count)})`).join(", "),
    ],
    ...sizes,
  ])}\n`;
}

/** What was looked at, and how much was found; notes that were not told by kind. */
export function summaryOf(
  {
    findings,
    observed_newest,
    observed_from,
  }: Pick<CatalogAnswer, "findings" | "observed_newest" | "observed_from">,
  listed: readonly CatalogFinding[],
): string {
  const amount = (level: string, name: string) => {
    const count = findings.filter((finding) => finding.level === level).length;
    return count === 0 ? [] : [`${count} ${name}${count === 1 ? "" : "s"}`];
  };
  const parts = [...amount("error", "error"), ...amount("warning", "warning"), ...amount("note", "note")];
  const rest = findings.filter((finding) => !listed.includes(finding));
  const kinds = [...new Set(rest.map(({ kind }) => kind))].map(
    (kind) => `${rest.filter((finding) => finding.kind === kind).length} ${kind}`,
  );
  const looked = `the newest ${counted(observed_newest)} events${observed_from === null ? "" : ` since ${observed_from}`}`;
  return [
    `${parts.length === 0 ? "nothing found" : parts.join(", ")} in ${looked}.`,
    ...(kinds.length === 0 ? [] : [`Not listed: ${kinds.join(", ")}; --notes lists them.`]),
  ].join(" ");
}
