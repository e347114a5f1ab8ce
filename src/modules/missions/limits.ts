import type { RateLimit } from "@brain/engine";

/** Runs of each template: one starts much work at once. */
export const templatesLimit: RateLimit = { name: "mission_templates", perMinute: 5 };
