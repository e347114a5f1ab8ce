import { namesOfType, type TypeNames } from "../apply/judge-claims.ts";
import type { Consumer } from "../consumer.ts";
import { subscribedTypes } from "./define-consumer.ts";

/**
 * All names under which the record may know the events that a consumer handles: a release before an event was renamed
 * recorded it under its older name, and may go on doing so while both run. Null for one that catches all.
 */
export function recordedTypes(catalog: TypeNames, consumer: Consumer): readonly string[] | null {
  if (consumer.any !== null) return null;
  return subscribedTypes(consumer).flatMap((type) => namesOfType(catalog, type));
}
