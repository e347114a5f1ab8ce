import * as z from "zod";

/**
 * A UUID of a request, as Postgres writes it. Postgres compares uuids whatever their case, but an id also goes into
 * events, keys and texts, where `A…` and `a…` would be two things.
 */
export const writtenUuid = z.uuid().transform((id) => id.toLowerCase());
