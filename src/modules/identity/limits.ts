import type { RateLimit } from "@brain/engine";

/** Of each address: beginning one asks the issuer. */
export const signInsLimit: RateLimit = { name: "identity_sign_ins", perMinute: 30 };
