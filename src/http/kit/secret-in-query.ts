import type { Context, MiddlewareHandler } from "hono";

/*
 * A secret in an address ends up in logs, histories and `Referer`s of whoever stands between, so secrets travel in a
 * header or in the body. Older callers still send one in the query; the answer tells them.
 */

/** Since when a secret in the query is deprecated, Unix s: 2026-11-26. RFC 9745, section 2.1. */
const deprecatedSince = 1_795_651_200;
/** Why: RFC 6750, section 5.3, "Don't pass bearer tokens in page URLs". */
const why = "https://www.rfc-editor.org/rfc/rfc6750#section-5.3";

/**
 * Tells a caller that a parameter of its query is a secret that does not belong there: `Deprecation` (RFC 9745) and a
 * `Link` that says why. It changes nothing else, also for an answer that is an error.
 */
export function deprecatedInQuery(name: string): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.query(name) !== undefined) {
      c.header("deprecation", `@${deprecatedSince}`);
      c.header("link", `<${why}>; rel="deprecation"; type="text/html"`);
    }
    await next();
  };
}

/** The header of a secret, or else the first of the other places that has it; null: none has. */
export function secretOf(
  c: Context,
  header: string,
  ...others: readonly (string | null | undefined)[]
): string | null {
  return c.req.header(header) ?? others.find((given) => given !== null && given !== undefined) ?? null;
}
