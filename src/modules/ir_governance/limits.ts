import type { RateLimit } from "@brain/engine";

/** Approvals that are asked for, of each tenant. */
export const approvalsLimit: RateLimit = { name: "ir_approvals", perMinute: 60 };

/** Tokens that are used up, of each tenant. */
export const consumeLimit: RateLimit = { name: "ir_consume", perMinute: 60 };
