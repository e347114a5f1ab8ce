import type { Context } from "hono";

/** True for a browser that shows what is answered; programs take JSON, and say so or say nothing. */
export function wantsPage(c: Context): boolean {
  return (c.req.header("accept") ?? "").includes("text/html");
}
