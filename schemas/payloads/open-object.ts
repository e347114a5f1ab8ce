import * as z from "zod";
import type { JsonValue } from "../json/json.ts";
import { atMostMembers } from "./schema-walk.ts";

/** As many as an event of 64 KiB could hold in practice. */
export const mostItems = 10_000;

const longestKey = 1_000;

// Open data; that it is JSON is checked for every payload as a whole, so the schema need not walk it again.
const openJson = z.unknown() as unknown as z.ZodType<JsonValue, JsonValue>;

/**
 * JSON data of any shape, for fields that nobody can describe: an object with at most `maxMembers` members. What stands in
 * it is looked through for personal data and secrets at each publish, and the size of the whole payload is limited.
 */
export function openObject(maxMembers = mostItems) {
  return z.record(z.string().max(longestKey), openJson).refine(...atMostMembers(maxMembers));
}
