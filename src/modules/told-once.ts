import type { Envelope, EventDefinition } from "@brain/schemas";
import { v5 as uuidv5 } from "uuid";

/**
 * The id of what a handler tells of an event and keeps nowhere, so that a forced replay tells it once more under the same
 * id, which records nothing: for `options.id` of `publish`. One event tells one of each type.
 */
export function idToldOf({ id }: Pick<Envelope, "id">, { type }: EventDefinition): string {
  // A version 4, which the ids of all events of this system have.
  return uuidv5(JSON.stringify([id, type]), uuidv5.URL).replace(/^(.{14})./, "$14");
}
