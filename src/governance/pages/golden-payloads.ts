/** The file of golden payloads: a payload of each version of each event, which stays readable for ever. */

import { type EventDefinition, type JsonObject, parsePayload, payloadSkeleton } from "@brain/schemas";
import type { GeneratedFile } from "./generated-file.ts";
import { olderNames } from "./older-names.ts";

/** Stands where an author has yet to write a value. */
const unwritten = "?";

function holdsUnwritten(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(holdsUnwritten);
  return value === unwritten;
}

/** What is not right about the golden payload of an event yet; null: nothing. */
function faultOf(definition: EventDefinition, name: string, payload: JsonObject): string | null {
  if (holdsUnwritten(payload)) return `${name}: write a payload as it is published, instead of each "?".`;
  try {
    parsePayload(definition, payload);
    return null;
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The payload under the name that the event had before; null: there is none, or its fields are others now. */
function underOlderName(
  definition: EventDefinition,
  golden: Readonly<Record<string, JsonObject>>,
  readAliases: ReadonlyMap<string, string>,
): JsonObject | null {
  for (const older of olderNames(definition.type, readAliases)) {
    const payload = golden[`${older}@${definition.version}`];
    if (payload !== undefined && faultOf(definition, older, payload) === null) return payload;
  }
  return null;
}

/**
 * The golden payloads with one for each event that has none: that of the name which it had before, or its fields, to be
 * filled in. Those that are there stay as they are, to the letter.
 *
 * @param present what the file holds
 * @param readAliases of the catalogue: older names, with those that they are read under
 */
export function completeGolden(
  present: string,
  definitions: readonly EventDefinition[],
  readAliases: ReadonlyMap<string, string>,
): Pick<GeneratedFile, "content" | "problem"> {
  const golden = JSON.parse(present) as Record<string, JsonObject>;
  const named = definitions.map((definition) => ({
    definition,
    name: `${definition.type}@${definition.version}`,
  }));
  const missing = named
    .filter(({ name }) => golden[name] === undefined)
    .map(({ definition, name }) => {
      const kept = underOlderName(definition, golden, readAliases);
      return [name, kept ?? payloadSkeleton(definition, unwritten)] as const;
    });
  const added = missing.map(([name, payload]) => {
    const text = JSON.stringify({ [name]: payload }, null, 2)
      .split("\n")
      .slice(1, -1)
      .join("\n");
    return `,\n${text}`;
  });
  const all = { ...golden, ...Object.fromEntries(missing) };
  const faults = named.flatMap(({ definition, name }) => faultOf(definition, name, all[name] ?? {}) ?? []);
  return {
    content: added.length === 0 ? present : `${present.trimEnd().replace(/\n\}$/, "")}${added.join("")}\n}\n`,
    problem: faults.length === 0 ? null : faults.join("\n  "),
  };
}
