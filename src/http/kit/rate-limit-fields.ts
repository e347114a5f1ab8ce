/* The fields that tell of limits, as in draft-ietf-httpapi-ratelimit-headers: a name, how many (q) in a window (w), left (r), until (t). */

/** @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
export function policyText(name: string, perMinute: number): string {
  return `"${name}";q=${perMinute};w=60`;
}

/** @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
export function leftText(name: string, remaining: number, resetSeconds: number): string {
  return `"${name}";r=${remaining};t=${resetSeconds}`;
}
