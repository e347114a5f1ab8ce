/**
 * True for an `Origin` of the host that a request was sent to. What tells our own pages from those of other sites: the
 * scheme may differ, because a proxy before us may speak TLS for us, and the host with its port does not.
 *
 * @param origin the header as it came; what is no address (`null` of a sandboxed page) is no host of ours
 * @param url of the request, as it reached us
 */
export function isSameHost(origin: string, url: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
}
