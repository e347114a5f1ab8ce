import * as z from "zod";

/** Origin under which this product is reached from outside, for links; left out: there are none. */
export const publicUrl = { BRAIN_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional() };

/** Without a slash at its end, so that a path goes behind it. */
export function linkBase(url: string): string {
  return url.replace(/(?<!\/)\/+$/, "");
}
