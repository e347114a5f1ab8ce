import type { JsonObject } from "../json/json.ts";

/** Turns the payload of one version into that of the next. Pure; must not change its argument. */
export type Upcast = (payload: JsonObject) => JsonObject;

/** Keyed by the version it starts from: `{ 1: v1ToV2, 2: v2ToV3 }`. */
export type Upcasts = Readonly<Record<number, Upcast>>;

/** True when the chain has exactly one step for each version from 1 to `version - 1`. */
export function coversAllVersions(upcasts: Upcasts, version: number): boolean {
  const steps = Object.keys(upcasts).map(Number);
  return (
    steps.length === version - 1 &&
    steps.every((step) => Number.isInteger(step) && step >= 1 && step < version)
  );
}

/**
 * Lifts a payload from version `from` to version `to`, one step at a time. A payload of a newer version than `to` is
 * returned as it is: changes within a type are additive, so the reader may still understand it.
 */
export function upcast(upcasts: Upcasts, payload: JsonObject, from: number, to: number): JsonObject {
  let current = payload;
  for (let version = Math.max(1, from); version < to; version++) {
    current = upcasts[version]?.(current) ?? current;
  }
  return current;
}
