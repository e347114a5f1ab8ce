import type { RateLimit } from "@brain/engine";

/** Tries of one address with a wrong token. */
export const guessesLimit: RateLimit = { name: "staging", perMinute: 30 };

/** Certificates that one address may have checked. */
export const verificationsLimit: RateLimit = { name: "certificate_verify", perMinute: 60 };
