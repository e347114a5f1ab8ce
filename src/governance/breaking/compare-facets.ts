/** What differs between two shapes of one type: values, formats, patterns, bounds, refinements. Pure. */

import type { JsonValue } from "@brain/schemas";
import type { RuleId } from "./rules.ts";
import { formatOf, isBound, patternsOf, type Shape, shapeText, valuesOf } from "./shape.ts";
import type { BoundName, Roots, ShapeChange, ShapePair } from "./shape-change.ts";

export function compareFacets({ before, after, path, roots }: ShapePair): readonly ShapeChange[] {
  const told: Told = (rule, was, is, hurts) => ({ rule, path, was, is, before, after, ...hurts });
  return [
    ...compareValues(before, after, roots, told),
    ...compareText(before, after, told),
    ...bounds
      // A format bounds the length by itself.
      .filter(({ name }) => formatOf(before) === formatOf(after) || !name.endsWith("Length"))
      .flatMap((bound) => compareBound(bound, before, after, told)),
    ...compareRefinements(before, after, told),
  ];
}

type Told = (
  rule: RuleId,
  was: string,
  is: string,
  hurts: Pick<ShapeChange, "stored" | "readers"> & Partial<ShapeChange>,
) => ShapeChange;

function compareValues(before: Shape, after: Shape, roots: Roots, told: Told): readonly ShapeChange[] {
  const [was, is] = [valuesOf(before), valuesOf(after)];
  if (was === null && is === null) return [];
  const [text, textNow] = [shapeText(before, roots.before), shapeText(after, roots.after)];
  if (was === null || is === null) {
    return is === null
      ? [told("FIELD_TYPE_WIDENED", text, textNow, { stored: false, readers: true })]
      : [told("FIELD_TYPE_NARROWED", text, textNow, { stored: true, readers: false })];
  }
  const has = (values: readonly JsonValue[], value: JsonValue) =>
    values.some((other) => JSON.stringify(other) === JSON.stringify(value));
  const lost = was.filter((value) => !has(is, value));
  const fresh = is.filter((value) => !has(was, value));
  const instead = lost.length === 1 && fresh.length === 1 ? { insteadOf: JSON.stringify(fresh[0]) } : {};
  return [
    ...lost.map((value) => {
      const hurts = { stored: true, readers: false, witness: value, ...instead };
      return told("ENUM_VALUE_REMOVED", JSON.stringify(value), textNow, hurts);
    }),
    ...fresh.map((value) =>
      told("ENUM_VALUE_ADDED", text, JSON.stringify(value), { stored: false, readers: true }),
    ),
  ];
}

/** Readers take any text of up to 255 characters for a UUID, because older producers had other ids. */
function readsAsUuid({ format }: Shape, { maxLength }: Shape): boolean {
  return format === "uuid" && maxLength !== undefined && maxLength <= 255;
}

function compareText(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const [was, is] = [formatOf(before), formatOf(after)];
  const [had, has] = [patternsOf(before), patternsOf(after)];
  if (was !== is) {
    const texts = [was ?? patternText(had, "any text"), is ?? patternText(has, "any text")] as const;
    const isPattern = (was !== undefined || had.length > 0) && (is !== undefined || has.length > 0);
    if (isPattern && (was === undefined || is === undefined)) {
      const hurts = { stored: !readsAsUuid(after, before), readers: !readsAsUuid(before, after) };
      return hurts.stored || hurts.readers ? [told("PATTERN_CHANGED", ...texts, hurts)] : [];
    }
    if (was === undefined) return [told("FIELD_TYPE_NARROWED", ...texts, { stored: true, readers: false })];
    if (is === undefined) {
      const readers = !readsAsUuid(before, after);
      return readers ? [told("FIELD_TYPE_WIDENED", ...texts, { stored: false, readers })] : [];
    }
    return [told("FORMAT_CHANGED", ...texts, { stored: true, readers: true })];
  }
  // The pattern of a format is its own business: it changes with the release of the library.
  if (was !== undefined && had.length <= 1 && has.length <= 1) return [];
  const hurts = {
    stored: has.some((pattern) => !had.includes(pattern)),
    readers: had.some((pattern) => !has.includes(pattern)),
  };
  if (!hurts.stored && !hurts.readers) return [];
  const none = "no pattern";
  return [told("PATTERN_CHANGED", patternText(had, none), patternText(has, none), hurts)];
}

function patternText(patterns: readonly string[], none: string): string {
  return patterns.length === 0 ? none : patterns.join(" and ");
}

interface Bound {
  readonly name: BoundName;
  readonly words: string;
  /** Which way is narrower. */
  readonly side: "least" | "most";
  /** A limit that is none. */
  readonly none?: number;
}

const bounds: readonly Bound[] = [
  { name: "minimum", words: "at least", side: "least" },
  { name: "maximum", words: "at most", side: "most" },
  { name: "exclusiveMinimum", words: "more than", side: "least" },
  { name: "exclusiveMaximum", words: "less than", side: "most" },
  { name: "multipleOf", words: "in steps of", side: "least" },
  { name: "minLength", words: "characters at least:", side: "least", none: 0 },
  { name: "maxLength", words: "characters at most:", side: "most" },
  { name: "minItems", words: "elements at least:", side: "least", none: 0 },
  { name: "maxItems", words: "elements at most:", side: "most" },
  { name: "x-brain-max-members", words: "members at most:", side: "most" },
];

function compareBound(bound: Bound, before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const limitOf = (shape: Shape) => {
    const value = shape[bound.name];
    return isBound(value) && value !== bound.none ? value : null;
  };
  const [was, is] = [limitOf(before), limitOf(after)];
  if (was === is) return [];
  const text = (value: number | null) => (value === null ? "no limit" : `${bound.words} ${value}`);
  const limit = { name: bound.name, was, is };
  const isNarrower =
    bound.side === "least"
      ? (is ?? Number.NEGATIVE_INFINITY) > (was ?? Number.NEGATIVE_INFINITY)
      : (is ?? Number.POSITIVE_INFINITY) < (was ?? Number.POSITIVE_INFINITY);
  return isNarrower
    ? [told("BOUND_NARROWED", text(was), text(is), { stored: true, readers: false, limit })]
    : [told("BOUND_WIDENED", text(was), text(is), { stored: false, readers: true, limit })];
}

function compareRefinements(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const [was, is] = [before["x-brain-refinements"] ?? [], after["x-brain-refinements"] ?? []];
  return [
    ...without(is, was).map((text) =>
      told("REFINEMENT_ADDED", "(none)", text, { stored: true, readers: false }),
    ),
    ...without(was, is).map((text) =>
      told("REFINEMENT_REMOVED", text, "(gone)", { stored: false, readers: true }),
    ),
  ];
}

/** What is in the first list more often than in the other: many conditions have no message of their own. */
function without(texts: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others];
  return texts.filter((text) => {
    const at = rest.indexOf(text);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
