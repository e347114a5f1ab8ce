import { ConflictError, sha256Hex } from "@brain/engine";
import type { Principal } from "../../http/kit/access.ts";
import { sha256OfParts } from "../../http/kit/idempotency.ts";
import { requireIdempotencyKey } from "../../http/kit/idempotency-key.ts";

/** A caller's `Idempotency-Key` and what it was used for. */
export interface RequestKey {
  readonly key: string;
  /** SHA-256 of the request, in hex. */
  readonly hash: string;
}

/** JSON with the keys of all objects in order, so that equal requests have equal text. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, item]) => [key, ordered(item)]));
}

/**
 * @param header of the request; undefined when it has none
 * @param request all that makes the request what it is
 * @param principal whose key it is: two identities may think of the same one
 * @returns null without a header
 * @throws {ValidationError} the header is no key
 */
export async function requestKeyOf(
  header: string | undefined,
  request: unknown,
  principal: Principal | null,
): Promise<RequestKey | null> {
  if (header === undefined) return null;
  requireIdempotencyKey(header);
  const hash = await sha256Hex(JSON.stringify(ordered(request)));
  const isOfNobody = principal === null || principal.kind === "bootstrap";
  return { key: isOfNobody ? header : await sha256OfParts([principal.id, header]), hash };
}

/** @throws {ConflictError} the key was used for another request */
export function requireSameRequest(key: RequestKey | null, storedHash: string | null): void {
  if (key === null || key.hash === storedHash) return;
  throw new ConflictError(
    "This Idempotency-Key was used for another request: its body is different. Use a new key for a new request.",
  );
}
