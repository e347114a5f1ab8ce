import { isLoopback } from "@brain/engine";

/*
 * The cookie of a session. Its prefix has the browser keep it to this host, to HTTPS and to the whole site, whatever a
 * neighbouring host tries. On this machine, which speaks plain HTTP, it goes without.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix
 */

const tokenShape = /^[A-Za-z0-9_-]{43}$/;

/** True for a request that reached us over plain HTTP on this machine. */
function isLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && isLoopback(hostname);
}

function cookieName(url: string, what: "session" | "sign_in"): string {
  return isLocal(url) ? `brain_${what}` : `__Host-brain_${what}`;
}

/** The value of the cookie; null when the request has none, or what it has cannot be one of ours. */
export function readCookie(request: Request, what: "session" | "sign_in"): string | null {
  const name = cookieName(request.url, what);
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const [key = "", ...value] = part.trim().split("=");
    if (key === name) return value.join("=");
  }
  return null;
}

export function readToken(request: Request): string | null {
  const value = readCookie(request, "session");
  return value !== null && tokenShape.test(value) ? value : null;
}

/**
 * The header that sets it. `Lax`, because who comes back from the issuer of a sign-in comes from another site; what
 * changes something needs the CSRF token beside.
 *
 * @param maxAgeS seconds; 0 takes it away
 */
export function setCookie(url: string, what: "session" | "sign_in", value: string, maxAgeS: number): string {
  const secure = isLocal(url) ? "" : "; Secure";
  return `${cookieName(url, what)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}; Max-Age=${maxAgeS}`;
}
