import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";

/** What a change ended with, carried to the page behind it. */
export interface Told {
  readonly text: string;
  readonly requestId: string | null;
}

const name = "brain_told";
/** A browser keeps cookies of 4 KiB. */
const maxText = 600;

export function keepTold(c: Context, path: string, { text, requestId }: Told): void {
  const value = encodeURIComponent(JSON.stringify([text.slice(0, maxText), requestId]));
  setCookie(c, name, value, { path, maxAge: 60, httpOnly: true, sameSite: "Lax" });
}

/** Read once. Null: there is nothing to tell, or what the cookie holds is not ours. */
export function takeTold(c: Context, path: string): Told | null {
  const value = getCookie(c, name);
  if (value === undefined) return null;
  deleteCookie(c, name, { path });
  try {
    const [text, requestId] = JSON.parse(decodeURIComponent(value)) as unknown[];
    if (typeof text !== "string") return null;
    return { text: text.slice(0, maxText), requestId: typeof requestId === "string" ? requestId : null };
  } catch {
    return null;
  }
}
