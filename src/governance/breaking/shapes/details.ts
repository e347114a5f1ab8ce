/** What zod decides of a value and JSON Schema has no word for, in words of our own. */

import { type JsonValue, maxMembersOf, schemaDef } from "@brain/schemas";
import type * as z from "zod";

type Schema = z.core.$ZodType;

/** The form of the details below; left out in catalogues from before there were any, which are compared without them. */
export const detailsForm = 1;

export interface Details {
  /** Members that a record or an open object has at most. */
  readonly "x-brain-max-members"?: number;
  /** What refinements say of themselves; what they do cannot be read. */
  readonly "x-brain-refinements"?: readonly string[];
}

/** Those that came with {@link detailsForm} 1. */
export interface LaterDetails {
  /** Flags of patterns that have some: the pattern → `i`, `m` or `s`. */
  readonly "x-brain-pattern-flags"?: Readonly<Record<string, string>>;
  /** What a format allows (`offset`) or asks for (`precision 3`) beyond its usual form. */
  readonly "x-brain-format"?: readonly string[];
  /** What a value is changed into before it is stored, and when it is read: `trim`. */
  readonly "x-brain-normalizations"?: readonly string[];
  /** What stands for a field that is left out, before anything else is asked of it (`prefault`). */
  readonly "x-brain-prefault"?: JsonValue;
  /** Conditions that zod has and JSON Schema has not. */
  readonly "x-brain-conditions"?: readonly string[];
}

/** Names of {@link LaterDetails}. */
export const laterDetails: ReadonlySet<string> = new Set([
  "x-brain-pattern-flags",
  "x-brain-format",
  "x-brain-normalizations",
  "x-brain-prefault",
  "x-brain-conditions",
] satisfies (keyof LaterDetails)[]);

/** The parts of a check's definition that are looked at; zod types them per check. */
interface CheckDef {
  readonly check: string;
  readonly error?: unknown;
  readonly params?: { readonly maxMembers?: number };
  readonly path?: readonly PropertyKey[];
  readonly pattern?: unknown;
  readonly property?: string;
  readonly tx?: (value: unknown) => unknown;
}

/** The same of a schema. */
interface FurtherDef {
  readonly type: string;
  readonly format?: string;
  readonly offset?: boolean;
  readonly precision?: number | null;
  readonly hostname?: RegExp;
  readonly protocol?: RegExp;
  readonly normalize?: boolean;
  readonly inclusive?: boolean;
  readonly discriminator?: string;
  readonly mode?: string;
  readonly defaultValue?: unknown;
}

export function detailsOf(schema: Schema): Details & LaterDetails {
  const def = schemaDef(schema) as FurtherDef;
  const own = def as unknown as CheckDef;
  // A format is a check of its own schema, too.
  const checks = [
    ...(own.check === undefined ? [] : [own]),
    ...(schemaDef(schema).checks ?? []).map(({ _zod }) => _zod.def as CheckDef),
  ];
  const most = maxMembersOf(schema);
  const lists = {
    "x-brain-refinements": refinementsOf(checks),
    "x-brain-format": formatOptions(def),
    "x-brain-normalizations": [
      ...(def.normalize === true ? ["normalize url"] : []),
      ...checks.flatMap(({ tx }) => (tx === undefined ? [] : [normalizationOf(tx)])),
    ],
    "x-brain-conditions": conditionsOf(def, checks),
  };
  const flags = checks.flatMap(({ pattern }) => {
    if (!(pattern instanceof RegExp)) return [];
    const kept = pattern.flags.replace(/[^ims]/g, "");
    return kept === "" ? [] : [[pattern.source, kept] as const];
  });
  return {
    ...(most === null ? {} : { "x-brain-max-members": most }),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(flags.length === 0 ? {} : { "x-brain-pattern-flags": Object.fromEntries(flags) }),
    ...(def.type === "prefault" ? { "x-brain-prefault": plainValue(def.defaultValue) } : {}),
  };
}

function refinementsOf(checks: readonly CheckDef[]): readonly string[] {
  return checks.flatMap(({ check, params, path, error }) => {
    if (check !== "custom" || params?.maxMembers !== undefined) return [];
    const at = path === undefined || path.length === 0 ? "" : `${path.map(String).join(".")}: `;
    return [`${at}${messageOf(error)}`];
  });
}

/** What a refinement answers; most give a text, and zod keeps it as a function. */
function messageOf(error: unknown): string {
  try {
    const told: unknown = typeof error === "function" ? error({ input: undefined, issues: [] }) : error;
    if (typeof told === "string") return told;
    const { message } = (told ?? {}) as { readonly message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // It wants the value that it refuses.
  }
  return "a condition without a message";
}

function formatOptions({ format, offset, precision, hostname, protocol }: FurtherDef): readonly string[] {
  if (format === "datetime")
    return [
      ...(offset === true ? ["offset"] : []),
      ...(typeof precision === "number" ? [`precision ${precision}`] : []),
    ];
  if (format !== "url") return [];
  return [
    ...(hostname === undefined ? [] : [`host ${hostname}`]),
    ...(protocol === undefined ? [] : [`protocol ${protocol}`]),
  ];
}

function conditionsOf(def: FurtherDef, checks: readonly CheckDef[]): readonly string[] {
  return [
    ...(def.type === "union" && def.inclusive === false && def.discriminator === undefined
      ? ["it has exactly one of the shapes"]
      : []),
    ...checks.flatMap(({ check, property }) => (check === "property" ? [`of its ${property}`] : [])),
  ];
}

/** Values that the known ones change, each in another way. */
const probes: readonly unknown[] = [" Ab e\u0301 ", 1.5, -1.5, ["b", "a", "b"], true];

const known: Readonly<Record<string, (text: string) => string>> = {
  trim: (text) => text.trim(),
  toLowerCase: (text) => text.toLowerCase(),
  toUpperCase: (text) => text.toUpperCase(),
  "normalize NFC": (text) => text.normalize("NFC"),
};

/** A function says nothing of itself: it is known by what it makes of some values. */
function normalizationOf(tx: (value: unknown) => unknown): string {
  const made = probes.map((probe) => {
    try {
      return JSON.stringify(tx(structuredClone(probe))) ?? "nothing";
    } catch {
      return "an error";
    }
  });
  const [text] = probes;
  const name = Object.keys(known).find((one) => JSON.stringify(known[one]?.(String(text))) === made[0]);
  return name ?? `overwrite: ${made.join(", ")}`;
}

/** As JSON; a value that is another one each time it is asked for is told as that. */
function plainValue(value: unknown): JsonValue {
  try {
    return JSON.parse(JSON.stringify(value) ?? "null") as JsonValue;
  } catch {
    return null;
  }
}
