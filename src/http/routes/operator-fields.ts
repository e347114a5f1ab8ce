import * as z from "zod";
import { reasonText as freeReason } from "../kit/free-text.ts";

/* Fields that the routes for operators share. */

/** Query of every list: how much, and from where on. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    // Below 2^63, the largest id.
    .regex(/^\d{1,18}$/, 'expected the "next_cursor" of an earlier answer')
    .optional(),
};

/** Why an operator acts. */
export const reasonText = freeReason(500, 3);

/** A row's id, as number or text; text from then on, for it may be larger than a double can tell. */
export const rowId = z
  .union([z.number().int().positive(), z.string().regex(/^[1-9]\d{0,17}$/)], { error: "expected an id" })
  .transform(String);
