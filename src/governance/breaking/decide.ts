/**
 * Which differences are breaks, and how bad: the structure tells what may break, and reading old payloads with today's
 * code tells what does. Pure.
 */

import type { JsonObject, JsonValue } from "@brain/schemas";
import type { Severity } from "../finding.ts";
import type { Comparison } from "./compare/compare.ts";
import type { ShapeChange } from "./compare/shape-change.ts";
import type { ReadCase, ReadResult } from "./load/load-protocol.ts";
import { type Hurt, type RuleId, ruleOf } from "./rules.ts";
import { samplePayload } from "./shapes/sample.ts";
import { type Path, pathText } from "./shapes/shape.ts";
import { witnessOf } from "./witness.ts";

/** A difference that breaks somebody. */
export interface Break {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly type: string;
  /** The old version. */
  readonly version: number;
  /** Null: the event as a whole. */
  readonly path: Path | null;
  readonly was: string;
  readonly is: string;
  readonly hurts: readonly Hurt[];
  /** What reading an old payload said; empty: nothing was read, or it is not about that. */
  readonly shown: string;
}

/** Payloads to be read before it can be decided. */
export interface Trials {
  readonly cases: readonly ReadCase[];
  /** Per comparison: the case of each of its changes, and those of its golden payloads. */
  readonly plan: readonly {
    readonly changes: readonly (number | null)[];
    readonly golden: readonly { readonly name: string; readonly at: number }[];
  }[];
}

/** What has to be read. A shape that is the same needs no trial, but golden payloads always are read. */
export function planTrials(comparisons: readonly Comparison[]): Trials {
  const cases: ReadCase[] = [];
  const plan = comparisons.map(({ type, before, after, shape }) => {
    if (after === null) return { changes: [], golden: [] };
    const add = (version: number, payload: JsonObject) => cases.push({ type, version, payload }) - 1;
    const base = before.golden[String(before.version)] ?? samplePayload(before.payload);
    return {
      changes: shape.map((change) => {
        if (!change.stored || base === undefined) return null;
        const payload = witnessOf(change, before.payload, base);
        return payload === undefined ? null : add(before.version, payload);
      }),
      golden: Object.entries(before.golden).map(([version, payload]) => ({
        name: `${type}@${version}`,
        at: add(Number(version), payload),
      })),
    };
  });
  return { cases, plan };
}

/** @param results of the cases of {@link planTrials}, in their order */
export function decideBreaks(
  comparisons: readonly Comparison[],
  { cases, plan }: Trials,
  results: readonly ReadResult[],
): readonly Break[] {
  return comparisons.flatMap((comparison, index) => {
    const { changes = [], golden = [] } = plan[index] ?? {};
    const trial = (at: number | null | undefined): Trial | null => {
      const [one, result] = at === null || at === undefined ? [] : [cases[at], results[at]];
      return one === undefined || result === undefined ? null : { payload: one.payload, result };
    };
    const ofShape = comparison.shape.map((change, at) => decideShape(comparison, change, trial(changes[at])));
    const breaks = [...ofShape.flatMap(({ breaks: found }) => found), ...decideOthers(comparison)];
    const isTold = breaks.some(({ hurts, severity }) => hurts.includes("stored") && severity === "error");
    if (!isTold) {
      for (const { name, at } of golden) {
        const found = trial(at);
        if (found !== null && !found.result.ok) breaks.push(unreadable(comparison, name, found.result));
      }
    }
    const isMendedOnly = ofShape.some(({ twoShapes }) => twoShapes);
    if (isMendedOnly && !breaks.some(({ severity }) => severity === "error"))
      breaks.push(breakOf(comparison, "SHAPE_CHANGED_WITHOUT_VERSION", twoShapes(comparison)));
    return unique(breaks);
  });
}

interface Trial {
  readonly payload: JsonObject;
  readonly result: ReadResult;
}

type Facts = Partial<Omit<Break, "rule" | "type" | "version">>;

function breakOf({ type, before, after }: Comparison, rule: RuleId, facts: Facts): Break {
  const { severity, raised, hurts } = ruleOf(rule);
  const isRaised = after !== null && after.version > before.version;
  return {
    rule,
    severity: (isRaised ? raised : severity) ?? severity,
    type,
    version: before.version,
    path: null,
    was: "",
    is: "",
    hurts,
    shown: "",
    ...facts,
  };
}

interface Decision {
  readonly breaks: readonly Break[];
  /** True: it is read, by code that knows both shapes, and the version tells nothing. */
  readonly twoShapes: boolean;
}

/** What one payload says of these it says of itself: others that are stored may not fulfil them. */
const conditions: ReadonlySet<RuleId> = new Set(["REFINEMENT_ADDED", "PATTERN_CHANGED"]);

function decideShape(comparison: Comparison, change: ShapeChange, trial: Trial | null): Decision {
  const { before, after } = comparison;
  const { rule, path, was, is } = change;
  const { severity, raised, hurts: may } = ruleOf(rule);
  const isRaised = after !== null && after.version > before.version;
  const isRead = trial?.result.ok === true && arrives(change, trial, isRaised);
  const facts = { path, was, is };
  const hurts = new Set<Hurt>(may.includes("meaning") ? ["meaning"] : []);
  if (change.readers || rule === "OPTIONAL_FIELD_REMOVED") hurts.add("readers");
  if (change.producers === true) hurts.add("producers");
  const found: Break[] = [];
  // With a step it is for the step to fulfil a condition; without one nothing does.
  const isCleared = isRead && (isRaised || !conditions.has(rule));
  if (change.stored && !isCleared) {
    if (!isRaised) hurts.add("stored");
    // A step is there, and nothing could be made up to try it with: golden payloads speak for it.
    else if (trial !== null) {
      const shown = refusal(trial, change);
      found.push(breakOf(comparison, "UPCASTER_INCOMPLETE", { ...facts, shown }));
    }
  }
  const level = isRaised ? raised : severity;
  if (hurts.size > 0 && level !== null) {
    const shown = hurts.has("stored") && trial !== null ? refusal(trial, change) : "";
    found.push(breakOf(comparison, rule, { ...facts, severity: level, hurts: [...hurts], shown }));
  }
  const needsLegacy = trial !== null && !(trial.result.plain && rule !== "FIELD_RENAMED");
  return { breaks: found, twoShapes: change.stored && isRead && !isRaised && needsLegacy };
}

/**
 * A renamed field must bring its value along, and what was of another shape all its fields: without them it may be read all
 * the same.
 */
function arrives({ path, renamedTo, mustArrive }: ShapeChange, trial: Trial, isRaised: boolean): boolean {
  const { payload: read } = trial.result;
  // A step may make something else of it.
  if (mustArrive === true && !isRaised) return isKept(inside(trial.payload, path), inside(read, path));
  if (renamedTo === undefined) return true;
  const parent = inside(read, path.slice(0, -1));
  return typeof parent === "object" && parent !== null && !Array.isArray(parent) && renamedTo in parent;
}

function isKept(sent: JsonValue, read: JsonValue): boolean {
  if (typeof sent !== "object" || sent === null) return true;
  if (typeof read !== "object" || read === null) return false;
  const held = new Map(Object.entries(read));
  return Object.entries(sent).every(
    ([name, value]) => isKept(value, held.get(name) ?? null) && held.has(name),
  );
}

function inside(value: JsonValue | null, path: Path): JsonValue | null {
  return path.reduce<JsonValue | null>((at, step) => {
    if (Array.isArray(at)) return at[step === "[]" ? 0 : Number(step)] ?? null;
    if (typeof at !== "object" || at === null) return null;
    return (step === "{}" ? Object.values(at)[0] : at[step]) ?? null;
  }, value);
}

const longest = 240;

/** Long texts say no more than short ones. */
const shortened = (_key: string, value: unknown) =>
  typeof value === "string" && value.length > 40
    ? `${value.slice(0, 24)}… (${value.length} characters)`
    : value;

function refusal({ payload, result }: Trial, { path, renamedTo }: ShapeChange): string {
  const sent = JSON.stringify(
    path.length === 0 ? payload : { [path[0] ?? ""]: payload[path[0] ?? ""] },
    shortened,
  );
  const short = sent.length > longest ? `${sent.slice(0, longest)}…` : sent;
  if (result.ok && renamedTo === undefined)
    return `An event with ${short} is read; others that are stored may not be.`;
  if (result.ok) return `An event with ${short} is read without ${renamedTo}.`;
  return `An event with ${short} is refused: ${result.issues.slice(0, 3).join("; ")}.`;
}

function unreadable(comparison: Comparison, name: string, { issues }: ReadResult): Break {
  const version = Number(name.slice(name.lastIndexOf("@") + 1));
  const isOlder = version < (comparison.after?.version ?? version);
  const rule = isOlder ? "UPCASTER_INCOMPLETE" : "OLD_PAYLOAD_UNREADABLE";
  const shown = `The golden payload is refused: ${issues.slice(0, 3).join("; ")}.`;
  return breakOf(comparison, rule, { was: name, is: "refused", shown });
}

function twoShapes({ before, shape }: Comparison): Facts {
  const stored = shape.filter((change) => change.stored);
  return {
    was: `version ${before.version}: ${stored.map(({ path }) => pathText(path)).join(", ")} as before`,
    is: `version ${before.version}, and another shape`,
  };
}

function decideOthers(comparison: Comparison): Break[] {
  return comparison.others.map(({ rule, was, is, field }) =>
    breakOf(comparison, rule, { was, is, path: field === null ? null : field.split(".") }),
  );
}

/** The same refusal of several changes is told once. */
function unique(breaks: readonly Break[]): readonly Break[] {
  const seen = new Set<string>();
  return breaks.filter(({ rule, path, was, is }) => {
    const key = JSON.stringify([rule, path, was, is]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
