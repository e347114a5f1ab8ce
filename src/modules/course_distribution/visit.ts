/** What is a view, and where it came from; nothing here keeps anything about the person. */

export type ReferrerCategory = "organic_search" | "social" | "direct" | "internal" | "other";

/**
 * Programs that read without a person in front of them: search and archive crawlers, link previews of messengers and
 * social networks, and monitoring name themselves in `User-Agent`. A request without that header counts: a missing name
 * says nothing.
 */
const robots =
  /bot\b|bots?[/;]|crawl|spider|slurp|archiver|facebookexternalhit|embedly|preview|whatsapp|telegram|lighthouse|headless|pingdom|uptime|monitoring/i;

/** The common HTTP clients. Nobody reads a page with them; the API is made for them. */
const clients = /curl\/|wget\/|python-requests|python-urllib|go-http-client|libwww/i;

/** What is read: the page, which a person opens in a browser, or its JSON, which a program shows to somebody. */
export type Reading = "page" | "json";

/** True when a GET is a view: not HEAD, not a prefetch, not a robot, and of the page not by an HTTP client. */
export function isView(method: string, headers: Headers, reading: Reading): boolean {
  if (method !== "GET") return false;
  const purpose = headers.get("sec-purpose") ?? headers.get("purpose") ?? headers.get("x-purpose") ?? "";
  if (/prefetch|prerender|preview/i.test(purpose)) return false;
  const agent = headers.get("user-agent") ?? "";
  return !robots.test(agent) && (reading === "json" || !clients.test(agent));
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
