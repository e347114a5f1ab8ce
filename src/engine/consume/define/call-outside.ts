/** A call of the outside; `signal` sets its time limit. */
export type CallOutside = (
  url: string,
  init: Omit<RequestInit, "redirect" | "signal"> & { readonly signal: AbortSignal },
) => Promise<Response>;

/**
 * Calls a URL of the outside. Redirects are not followed: they would carry keys and data to a host that nobody configured
 * and nobody judged. A URL that came over the API is judged by the host guard first; one of the settings may lead into a
 * private network, for whoever runs the service means it. Handlers call `fetch` of their context, which is this, or
 * refuses while an event is tried out.
 *
 * @returns a redirect as it came, status 3xx
 * @throws {TypeError} no answer
 */
export const callOutside: CallOutside = (url, init) =>
  // biome-ignore lint/style/noRestrictedGlobals: redirects are off
  fetch(url, { ...init, redirect: "manual" });
