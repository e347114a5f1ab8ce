/** What differs between two shapes of one type: values, formats, patterns, bounds, refinements. Pure. */

import type { JsonValue } from "@brain/schemas";
import { type TextDifference, textDifference } from "../patterns/texts.ts";
import type { RuleId } from "../rules.ts";
import { accepts, keepsPatterns } from "../shapes/accepts.ts";
import { textBetween, valueBeyond } from "../shapes/sample.ts";
import { formatOf, isBound, patternsOf, type Shape, shapeText, valuesOf } from "../shapes/shape.ts";
import type { BoundName, Roots, ShapeChange, ShapePair } from "./shape-change.ts";

export function compareFacets({ before, after, path, roots }: ShapePair): readonly ShapeChange[] {
  const told: Told = (rule, was, is, hurts) => ({ rule, path, was, is, before, after, ...hurts });
  // Where values are listed, they are all that is let through.
  const isListed = valuesOf(before) !== null || valuesOf(after) !== null;
  return [
    ...(isListed ? compareValues(before, after, roots, told) : compareOpen(before, after, told)),
    ...compareNormalizations(before, after, told),
    ...compareRefinements(before, after, told),
  ];
}

function compareOpen(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const difference = differenceOf(before, after);
  return [
    ...compareText(before, after, difference, told),
    ...compareFormat(before, after, told),
    ...compareEdges(before, after, told),
    ...compareSteps(before, after, told),
    ...bounds
      .filter(({ name }) => isBoundOf(name, before, after))
      .flatMap((bound) => compareBound(bound, before, after, told))
      // A pattern may bound the length by itself.
      .filter(({ rule, limit }) => {
        if (limit?.name.endsWith("Length") !== true) return true;
        return (rule === "BOUND_NARROWED" ? difference?.lost : difference?.gained) !== null;
      }),
  ];
}

/** What texts are lost and gained, where patterns have a say in that; null: lengths alone do, or nothing differs. */
function differenceOf(before: Shape, after: Shape): TextDifference | null {
  const saidOf = (shape: Shape) =>
    JSON.stringify([patternsOf(shape), shape.minLength ?? 0, shape.maxLength ?? 0]);
  const hasPattern = patternsOf(before).length + patternsOf(after).length > 0;
  return hasPattern && saidOf(before) !== saidOf(after) ? textDifference(before, after) : null;
}

/** A format bounds the length by itself, the places of a tuple its number, and fields the members of an object. */
function isBoundOf(name: BoundName, before: Shape, after: Shape): boolean {
  if (name.endsWith("Length")) return formatOf(before) === formatOf(after);
  if (name.endsWith("Items")) return (before.prefixItems?.length ?? 0) === (after.prefixItems?.length ?? 0);
  return before.properties === undefined && after.properties === undefined;
}

type Told = (
  rule: RuleId,
  was: string,
  is: string,
  hurts: Pick<ShapeChange, "stored" | "readers"> & Partial<ShapeChange>,
) => ShapeChange;

function compareValues(before: Shape, after: Shape, roots: Roots, told: Told): readonly ShapeChange[] {
  const [was, is] = [valuesOf(before), valuesOf(after)];
  const [text, textNow] = [shapeText(before, roots.before), shapeText(after, roots.after)];
  if (was === null) {
    const other = valueBeyond(before, is ?? []);
    const hurts = { stored: true, readers: false, ...(other === undefined ? {} : { witness: other }) };
    return other === null ? [] : [told("FIELD_TYPE_NARROWED", text, textNow, hurts)];
  }
  if (is === null)
    return [
      told("FIELD_TYPE_WIDENED", text, textNow, { stored: false, readers: true }),
      ...was
        .filter((value) => !accepts(after, value))
        .map((value) =>
          told("ENUM_VALUE_REMOVED", JSON.stringify(value), textNow, {
            stored: true,
            readers: false,
            witness: value,
          }),
        ),
    ];
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

/** Formats of zod whose patterns are its own business: they change with its releases. */
const ownPatterns =
  /^(?:date-time|date|time|duration|uuid|email|ipv[46]|cidrv[46]|mac|base64(?:url)?|e164|jwt|nanoid|cuid2?|ulid|xid|ksuid|hostname|emoji|hex|\w+_(?:hex|base64(?:url)?))$/;

function compareText(
  before: Shape,
  after: Shape,
  difference: TextDifference | null,
  told: Told,
): readonly ShapeChange[] {
  const [was, is] = [formatOf(before), formatOf(after)];
  const [had, has] = [patternsOf(before), patternsOf(after)];
  const lost = textBetween(before, after) ?? difference?.lost;
  const witness = difference !== null && typeof lost === "string" ? { witness: lost } : {};
  if (was !== is) {
    const texts = [was ?? patternText(had, "any text"), is ?? patternText(has, "any text")] as const;
    const isPattern = (was !== undefined || had.length > 0) && (is !== undefined || has.length > 0);
    if (isPattern && (was === undefined || is === undefined)) {
      const hurts = { stored: !readsAsUuid(after, before), readers: !readsAsUuid(before, after) };
      return hurts.stored || hurts.readers ? [told("PATTERN_CHANGED", ...texts, hurts)] : [];
    }
    if (was === undefined)
      return [told("FIELD_TYPE_NARROWED", ...texts, { stored: true, readers: false, ...witness })];
    if (is === undefined) {
      const readers = !readsAsUuid(before, after);
      return readers ? [told("FIELD_TYPE_WIDENED", ...texts, { stored: false, readers })] : [];
    }
    return [told("FORMAT_CHANGED", ...texts, { stored: true, readers: true })];
  }
  if (was !== undefined && ownPatterns.test(was) && had.length <= 1 && has.length <= 1) return [];
  if (had.join(" ") === has.join(" ")) return [];
  const stored =
    difference?.lost === undefined ? has.some((one) => !had.includes(one)) : difference.lost !== null;
  const readers =
    difference?.gained === undefined ? had.some((one) => !has.includes(one)) : difference.gained !== null;
  const texts = [patternText(had, "no pattern"), patternText(has, "no pattern")] as const;
  if (stored) return [told("PATTERN_CHANGED", ...texts, { stored, readers, ...witness })];
  return readers ? [told("PATTERN_WIDENED", ...texts, { stored, readers })] : [];
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

/** Where numbers end. */
interface Edge {
  readonly limit: number;
  /** The number itself is out. */
  readonly isOpen: boolean;
}

/** The nearer one of both kinds; null: there is none. Both sides look as upper ones. */
function edgeOf(shape: Shape, side: "least" | "most"): Edge | null {
  const sign = side === "least" ? -1 : 1;
  const [closed, open] =
    side === "least" ? [shape.minimum, shape.exclusiveMinimum] : [shape.maximum, shape.exclusiveMaximum];
  const edges = [
    ...(isBound(open) ? [{ limit: sign * open, isOpen: true }] : []),
    ...(isBound(closed) ? [{ limit: sign * closed, isOpen: false }] : []),
  ];
  return edges.toSorted((a, b) => a.limit - b.limit)[0] ?? null;
}

function compareEdges(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  return (["least", "most"] as const).flatMap((side): readonly ShapeChange[] => {
    const [was, is] = [edgeOf(before, side), edgeOf(after, side)];
    if (was?.limit === is?.limit && was?.isOpen === is?.isOpen) return [];
    const sign = side === "least" ? -1 : 1;
    const words = side === "least" ? ["more than", "at least"] : ["less than", "at most"];
    const text = (edge: Edge | null) =>
      edge === null ? "no limit" : `${words[edge.isOpen ? 0 : 1]} ${sign * edge.limit}`;
    const room = (edge: Edge | null) => edge?.limit ?? Number.POSITIVE_INFINITY;
    const isNarrower = room(is) < room(was) || (room(is) === room(was) && is?.isOpen === true);
    // Of a number that is out itself the next one is not known.
    const closed = (edge: Edge | null) => (edge === null || edge.isOpen ? null : sign * edge.limit);
    const name = side === "least" ? "minimum" : "maximum";
    const limit: ShapeChange["limit"] = { name, was: closed(was), is: closed(is) };
    if (!isNarrower || is === null)
      return [told("BOUND_WIDENED", text(was), text(is), { stored: false, readers: true, limit })];
    // The last number of before, or one between the two where that was out itself.
    const last = was === null ? is.limit + 1 : was.isOpen ? (was.limit + is.limit) / 2 : was.limit;
    const hurts = { stored: true, readers: false, limit, witness: sign * last };
    return [told("BOUND_NARROWED", text(was), text(is), hurts)];
  });
}

/** Numbers that come in steps: those of a step that the other one divides are among its own. */
function compareSteps(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const stepOf = ({ multipleOf, type }: Shape) =>
    multipleOf === undefined || (multipleOf === 1 && type === "integer") ? null : multipleOf;
  const [was, is] = [stepOf(before), stepOf(after)];
  if (was === is) return [];
  const text = (step: number | null) => (step === null ? "no limit" : `in steps of ${step}`);
  const limit = { name: "multipleOf" as const, was, is };
  const stored = is !== null && (was === null || !isWhole(was / is));
  const readers = was !== null && (is === null || !isWhole(is / was));
  if (!stored) return readers ? [told("BOUND_WIDENED", text(was), text(is), { stored, readers, limit })] : [];
  const witness = betweenSteps(was, is, before);
  const hurts = { stored, readers, limit, ...(witness === undefined ? {} : { witness }) };
  return [told("BOUND_NARROWED", text(was), text(is), hurts)];
}

/** A number of the steps of before that is none of now; undefined: the first ones are. */
function betweenSteps(was: number | null, is: number, before: Shape): number | undefined {
  const step = was ?? (before.type === "integer" ? 1 : is / 2);
  const first = Math.ceil((before.minimum ?? 0) / step);
  const start = Number.isSafeInteger(first) ? first : 0;
  return [0, 1, 2, 3].map((more) => (start + more) * step).find((value) => !isWhole(value / is));
}

/** Also of fractions, which are never exact: 0.3 / 0.1. */
const isWhole = (ratio: number) => Math.abs(ratio - Math.round(ratio)) < 1e-9 * Math.max(1, Math.abs(ratio));

/** What a format lets through beyond its usual form; all else that can be said of it asks for something. */
const allowing: ReadonlySet<string> = new Set(["offset"]);

function compareFormat(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const [was, is] = [before["x-brain-format"] ?? [], after["x-brain-format"] ?? []];
  if (formatOf(before) !== formatOf(after)) return [];
  const lost = was.filter((option) => !is.includes(option));
  const fresh = is.filter((option) => !was.includes(option));
  const isNarrower = lost.some((option) => allowing.has(option)) || fresh.some((one) => !allowing.has(one));
  const isWider = fresh.some((option) => allowing.has(option)) || lost.some((one) => !allowing.has(one));
  const text = (options: readonly string[]) =>
    [after.format ?? "text", ...options.map((one) => (one === "offset" ? "with an offset" : one))].join(", ");
  return [
    ...(isNarrower
      ? [
          told("FORMAT_NARROWED", text(was), text(is), {
            stored: true,
            readers: false,
            producers: true,
            ...witnessOfTime(lost, fresh),
          }),
        ]
      : []),
    ...(isWider ? [told("FORMAT_WIDENED", text(was), text(is), { stored: false, readers: true })] : []),
    ...compareUuids(before, after, told),
  ];
}

/** Versions of UUIDs that a shape lets through. Here any text is read for one; who publishes another one is refused. */
function compareUuids(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  if (formatOf(before) !== "uuid") return [];
  const uuid = (version: number) => `11111111-1111-${version}111-8111-111111111111`;
  const versionsOf = (shape: Shape) =>
    [1, 2, 3, 4, 5, 6, 7, 8].filter((version) => keepsPatterns(uuid(version), shape));
  const [was, is] = [versionsOf(before), versionsOf(after)];
  const [lost] = was.filter((version) => !is.includes(version));
  if (lost === undefined) return [];
  const text = (versions: readonly number[]) => `uuid of version ${versions.join(", ")}`;
  const hurts = { stored: true, readers: false, producers: true, witness: uuid(lost) };
  return [told("FORMAT_NARROWED", text(was), text(is), hurts)];
}

/** A time of before that the new form does not allow, where it is about times. */
function witnessOfTime(lost: readonly string[], fresh: readonly string[]): { readonly witness?: string } {
  if (lost.includes("offset")) return { witness: "2026-01-01T10:00:00.000+02:00" };
  const asks = fresh.find((option) => option.startsWith("precision"));
  if (asks === undefined) return {};
  return { witness: asks === "precision 3" ? "2026-01-01T10:00:00Z" : "2026-01-01T10:00:00.123Z" };
}

function compareNormalizations(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const text = ({ "x-brain-normalizations": list = [] }: Shape) =>
    list.length === 0 ? "as it is given" : list.join(", then ");
  const [was, is] = [text(before), text(after)];
  return was === is ? [] : [told("NORMALIZATION_CHANGED", was, is, { stored: false, readers: false })];
}

function compareRefinements(before: Shape, after: Shape, told: Told): readonly ShapeChange[] {
  const conditionsOf = (shape: Shape) => [
    ...(shape["x-brain-refinements"] ?? []),
    ...(shape["x-brain-conditions"] ?? []),
  ];
  const [was, is] = [conditionsOf(before), conditionsOf(after)];
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
