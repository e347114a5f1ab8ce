import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";

/** What a change ended with, carried to the page behind it. */
export interface Told {
  readonly text: string;
  readonly requestId: string | null;
}

const name = "brain_told";
/** UTF-16 units. */
const maxText = 600;
/** A browser drops a cookie of more than 4 KiB without a word, its name and attributes counted with it. */
const maxValueBytes = 3_500;

/** As a cookie carries it. */
const bytesOf = (value: string) => encodeURIComponent(value).length;

/** What a cookie can hold of it: the text is shortened, and the id of a request is whole or left out. */
function cookieValue({ text, requestId }: Told): string {
  const id = requestId !== null && bytesOf(requestId) <= 200 ? requestId : null;
  let shown = text.length > maxText ? `${text.slice(0, maxText - 1)}…` : text;
  let kept = shown.length;
  for (;;) {
    const value = JSON.stringify([shown.toWellFormed(), id]);
    const bytes = bytesOf(value);
    if (bytes <= maxValueBytes) return value;
    kept = Math.floor((kept * maxValueBytes) / bytes) - 1;
    shown = `${text.slice(0, kept)}…`;
  }
}

export function keepTold(c: Context, path: string, told: Told): void {
  setCookie(c, name, cookieValue(told), { path, maxAge: 60, httpOnly: true, sameSite: "Lax" });
}

/** Read once. Null: there is nothing to tell, or what the cookie holds is not ours. */
export function takeTold(c: Context, path: string): Told | null {
  const value = getCookie(c, name);
  if (value === undefined) return null;
  deleteCookie(c, name, { path });
  try {
    const [text, requestId] = JSON.parse(value) as unknown[];
    if (typeof text !== "string") return null;
    return { text: text.slice(0, maxText), requestId: typeof requestId === "string" ? requestId : null };
  } catch {
    return null;
  }
}
