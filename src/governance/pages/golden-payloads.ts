/** The file of golden payloads: a payload of each version of each event, which stays readable for ever. */

import { type EventDefinition, type JsonObject, parsePayload, payloadSkeleton } from "@brain/schemas";
import type { GeneratedFile } from "./generated-file.ts";

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

/**
 * The golden payloads with one for each event that has none: its fields, to be filled in. Those that are there stay as
 * they are, to the letter.
 *
 * @param present what the file holds
 */
export function completeGolden(
  present: string,
  definitions: readonly EventDefinition[],
): Pick<GeneratedFile, "content" | "problem"> {
  const golden = JSON.parse(present) as Record<string, JsonObject>;
  const named = definitions.map((definition) => ({
    definition,
    name: `${definition.type}@${definition.version}`,
  }));
  const missing = named
    .filter(({ name }) => golden[name] === undefined)
    .map(({ definition, name }) => [name, payloadSkeleton(definition, unwritten)] as const);
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
