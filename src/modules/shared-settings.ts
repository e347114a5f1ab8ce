import * as z from "zod";

/** What several modules read: one definition, so that it means the same to all. */

/** Origin under which this product is reached from outside, for links; left out: there are none. */
export const publicUrl = { BRAIN_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional() };
