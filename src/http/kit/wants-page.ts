import type { Context } from "hono";
import { accepts } from "hono/accepts";

const [page, data] = ["text/html", "application/json"];

/** True for a browser that shows what is answered; programs take JSON, and say so or say nothing. */
export function wantsPage(c: Context): boolean {
  return accepts(c, { header: "Accept", supports: [page, data], default: data }) === page;
}
