/**
 * Calls a URL of the outside. Redirects are not followed: they would carry keys and data to a host that nobody configured
 * and nobody judged. A URL that came over the API is judged by the host guard first; one of the settings may lead into a
 * private network, for whoever runs the service means it.
 *
 * @param init `signal` sets the time limit
 * @returns a redirect as it came, status 3xx
 * @throws {TypeError} no answer
 */
export function callOutside(
  url: string,
  init: Omit<RequestInit, "redirect" | "signal"> & { readonly signal: AbortSignal },
): Promise<Response> {
  // biome-ignore lint/style/noRestrictedGlobals: redirects are off
  return fetch(url, { ...init, redirect: "manual" });
}
