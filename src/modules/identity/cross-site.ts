import { isSameHost } from "../../http/kit/same-host.ts";

const harmlessMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * True for a request that changes something and that a browser made for a page of another site: for credentials that a
 * browser or a proxy adds by itself, whoever asks. A request without the headers of a browser is none.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isCrossSite({ method, headers, url }: Request): boolean {
  if (harmlessMethods.has(method)) return false;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  const origin = headers.get("origin");
  return origin !== null && !isSameHost(origin, url);
}
