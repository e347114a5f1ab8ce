/** Whom a break hurts, by name: who says that he reads the event, whose code reads the field, and who was seen handling it. Pure. */

import type { PayloadReads } from "../tree/product/payload-reads.ts";
import type { EventRecord } from "./catalogue.ts";
import type { Break } from "./decide.ts";

export interface Reader {
  readonly name: string;
  /** `src/…:12`, where it reads the field or the whole payload; null: its code is not known, or does not read the field. */
  readonly reads: string | null;
  /** Why he is named. */
  readonly known: "code" | "declared" | "outside" | "observed";
}

/** Subscribers that a running system saw handling a type. */
export type Observed = ReadonlyMap<string, readonly string[]>;

export function readersOf(
  found: Break,
  before: EventRecord,
  code: readonly PayloadReads[],
  observed: Observed,
): readonly Reader[] {
  const handlers = code.filter(({ type }) => type === found.type);
  const readers: Reader[] = handlers.flatMap((handler) => {
    const name = handler.consumer ?? `${handler.file}:${handler.line}`;
    return [{ name, reads: whereRead(handler, found), known: "code" as const }];
  });
  const add = (names: readonly string[], known: Reader["known"]) => {
    for (const name of names)
      if (!readers.some((reader) => reader.name === name)) readers.push({ name, reads: null, known });
  };
  add(before.consumers, "declared");
  add(observed.get(found.type) ?? [], "observed");
  add(before.outside, "outside");
  // Whoever reads what has changed comes first.
  return readers.toSorted((a, b) => Number(a.reads === null) - Number(b.reads === null));
}

function whereRead({ fields, everything }: PayloadReads, { path }: Break): string | null {
  const text = path === null ? null : fieldText(path);
  if (text !== null) {
    for (const [field, { file, line }] of fields)
      if (field === text || field.startsWith(`${text}.`) || field.startsWith(`${text}[]`))
        return `${file}:${line}`;
  }
  return everything === null ? null : `${everything.file}:${everything.line}, all of it`;
}

function fieldText(path: readonly string[]): string {
  return path.reduce((text, step) => {
    if (step === "[]" || step === "{}") return `${text}${step}`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** `course_access (src/…:12), analytics; outside: monitoring` */
export function readersText(readers: readonly Reader[]): string {
  const here = readers
    .filter(({ known }) => known !== "outside")
    .map(({ name, reads, known }) => {
      if (reads !== null) return `${name} (${reads})`;
      return known === "observed" ? `${name} (seen handling it)` : name;
    });
  const outside = readers.filter(({ known }) => known === "outside").map(({ name }) => name);
  const parts = [
    ...(here.length > 0 ? [here.join(", ")] : []),
    ...(outside.length > 0 ? [`outside: ${outside.join(", ")}`] : []),
  ];
  return parts.length === 0 ? "nobody here who is known" : parts.join("; ");
}
