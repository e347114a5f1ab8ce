import type { RateLimit } from "@brain/engine";

/** Clicks of one address on one entry; more are refused. */
export const clicksLimit: RateLimit = { name: "enrollment", perMinute: 20 };

/** Views of one address of one entry that are counted; more are served and not counted. */
export const viewsLimit: RateLimit = { name: "view", perMinute: 20 };
