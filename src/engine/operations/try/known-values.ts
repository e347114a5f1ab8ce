import type { Catalog, Envelope } from "@brain/schemas";
import type { TriedValue } from "./try-view.ts";

/*
 * Values of statements. Nobody can tell from a statement which of its values are personal or secret: they are bound by
 * place, and a handler computes them. So one is shown only where the reader has it already, because the same value
 * stands in a field of the event that is not personal; of all others kind and length are shown.
 */

/** Values of an event that are looked at. */
const maxLeaves = 1_000;
/** Longer ones are recognised as well, and not repeated. */
const maxShownLength = 200;
/** Below this a text says nothing about where it comes from. */
const minTextLength = 2;

/** The path of each value of an event that readers may see, by its text. */
export function knownValues(catalog: Catalog, event: Envelope): ReadonlyMap<string, string> {
  const personal = new Set((catalog.find(event.type)?.personal ?? []).map(({ field }) => field));
  const known = new Map<string, string>();
  const add = (path: string, value: unknown) => {
    if (known.size >= maxLeaves) return;
    if (Array.isArray(value)) value.forEach((item, place) => void add(`${path}[${place}]`, item));
    else if (typeof value === "object" && value !== null)
      for (const [name, item] of Object.entries(value)) add(`${path}.${name}`, item);
    else if (typeof value === "number") note(known, String(value), path);
    else if (typeof value === "string" && value.length >= minTextLength) note(known, value, path);
  };
  for (const name of ["id", "correlation_id", "tenant_id", "mission_id", "task_id", "actor_id"] as const) {
    add(name, event[name]);
  }
  for (const [name, value] of Object.entries(event.payload)) {
    if (!personal.has(name)) add(`payload.${name}`, value);
  }
  for (const name of ["type", "source", "timestamp"] as const) add(name, event[name]);
  for (const field of personal) known.delete(String(event.payload[field]));
  return known;
}

function note(known: Map<string, string>, text: string, path: string): void {
  if (!known.has(text)) known.set(text, path);
}

/** What is shown of a value. */
export function shownValue(known: ReadonlyMap<string, string>, value: unknown): TriedValue {
  if (value === null || value === undefined) return { kind: "null", length: null, value: null, from: null };
  if (typeof value === "boolean") return { kind: "boolean", length: null, value: String(value), from: null };
  const text = textOf(value);
  const from = text === null ? null : (known.get(text) ?? null);
  const shown = from !== null && text !== null && text.length <= maxShownLength ? text : null;
  if (typeof value === "string") return { kind: "text", length: value.length, value: shown, from };
  if (typeof value === "number" || typeof value === "bigint") {
    return { kind: "number", length: null, value: shown, from };
  }
  if (value instanceof Date) return { kind: "time", length: null, value: shown, from };
  if (value instanceof Uint8Array)
    return { kind: "bytes", length: value.byteLength, value: null, from: null };
  return { kind: "other", length: null, value: null, from: null };
}

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
}
