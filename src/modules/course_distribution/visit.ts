/** What is a view, and where it came from; nothing here keeps anything about the person. */

export type ReferrerCategory = "organic_search" | "social" | "direct" | "internal" | "other";

/**
 * Programs that read pages without a person in front of them: search and archive crawlers, link previews of messengers
 * and social networks, monitoring, and the common HTTP libraries name themselves in `User-Agent`. A request without
 * that header counts: a missing name says nothing.
 */
const robots =
  /bot\b|bots?[/;]|crawl|spider|slurp|archiver|facebookexternalhit|embedly|preview|whatsapp|telegram|lighthouse|headless|pingdom|uptime|monitoring|curl\/|wget\/|python-requests|python-urllib|go-http-client|libwww/i;

/** True when a GET is a person's view: not HEAD, not a prefetch, not a robot. */
export function isView(method: string, headers: Headers): boolean {
  if (method !== "GET") return false;
  const purpose = headers.get("sec-purpose") ?? headers.get("purpose") ?? headers.get("x-purpose") ?? "";
  if (/prefetch|prerender|preview/i.test(purpose)) return false;
  return !robots.test(headers.get("user-agent") ?? "");
}

const searchEngines =
  /(^|\.)(google|bing|duckduckgo|ecosia|qwant|startpage|yahoo|yandex|baidu|brave|kagi|swisscows|metager)\./;
const socialNetworks =
  /(^|\.)(facebook|instagram|linkedin|twitter|x|t|reddit|pinterest|youtube|tiktok|xing|threads|mastodon|bsky|telegram|whatsapp|lnkd|fb)\.(com|net|org|social|app|co|in|me|be|de)$/;

/**
 * The kind of page that linked here; the address itself goes nowhere.
 *
 * @param referrer the `Referer` header; null or unreadable text means direct
 * @param ownHosts hosts of this service, with port where there is one
 */
export function referrerCategory(referrer: string | null, ownHosts: readonly string[]): ReferrerCategory {
  if (referrer === null || !URL.canParse(referrer)) return "direct";
  const { host, hostname } = new URL(referrer);
  if (ownHosts.includes(host)) return "internal";
  if (searchEngines.test(hostname)) return "organic_search";
  if (socialNetworks.test(hostname)) return "social";
  return "other";
}
