import type { Catalog } from "@brain/schemas";
import { besideId } from "../../core/beside-ids.ts";
import { fieldsToObject } from "../../stream/entry-fields.ts";
import type { Claim } from "./claim.ts";

/*
 * A claim was refused because another one has its message id or its event's id. As a rule that is the claim of the same
 * event: it was delivered or published again. But Redis gives an id twice when it has lost what stood under it, and programs
 * that number their events give one id to two of them. What the claim that is there says of its event tells which it is.
 */

/** What a claim that is there says. */
export interface KnownClaim {
  /** The message id, or an id beside it. */
  readonly m: string;
  /** Event id, type and tenant; null: unknown. */
  readonly e: string | null;
  readonly t: string | null;
  readonly n: string | null;
}

/**
 * - `redelivered`, `published_twice`: the event was applied before, under the same message id or another.
 * - `beside`: another event has the message id; this one may be claimed beside it.
 * - `id_taken`: another event has the id, or a claim cannot hold it. Nobody can tell what was applied but an operator.
 */
export type Verdict = "redelivered" | "published_twice" | "beside" | "id_taken";

/** Longest event id that a claim holds, characters. */
export const maxEventIdLength = 50;
export const maxTypeLength = 100;

/**
 * Why a claim was refused. Pure.
 *
 * @param known the claims under its message id, beside it and of its event id
 * @param original the event of which this one is an edited copy; null: it is none, or nobody knows
 */
export function judgeRefused(
  catalog: Catalog,
  claim: Claim,
  known: readonly KnownClaim[],
  original: string | null,
): Verdict {
  const own = known.find(({ e }) => e !== null && e === claim.eventId);
  const under = known.find(({ m }) => m === claim.messageId);
  const beside = known.find(({ m }) => m === besideId(claim.messageId, claim.eventId));
  const isSame = (one: KnownClaim) => isSameType(catalog, claim, one.t) && isSameTenant(claim, one.n);
  if (own !== undefined && isSame(own)) {
    return under === undefined && beside === undefined ? "published_twice" : "redelivered";
  }
  if (beside !== undefined) return besideIsOwn(beside, claim) && isSame(beside) ? "redelivered" : "id_taken";
  if (own !== undefined) return "id_taken";
  // It was deleted meanwhile.
  if (under === undefined) return "beside";
  if (under.e === null) return isSame(under) ? "redelivered" : "id_taken";
  // Of an event and its edited copy only one is applied.
  if (under.e === original) return "redelivered";
  return claim.eventId.length > maxEventIdLength ? "id_taken" : "beside";
}

/** What an operator redrove stands there without its event's id, which another event has. */
function besideIsOwn({ e }: KnownClaim, { eventId }: Claim): boolean {
  return e === null || e === eventId;
}

function isSameType(catalog: Catalog, { type, fields }: Claim, known: string | null): boolean {
  if (known === null || known === type.slice(0, maxTypeLength)) return true;
  if (catalog.canonicalType(known) === catalog.canonicalType(type)) return true;
  // Programs of before note what stands on the stream, where we have found out what it is.
  return fields !== null && fieldsToObject(fields).type === known;
}

function isSameTenant({ tenantId }: Claim, known: string | null): boolean {
  return known === null || tenantId === null || known === tenantId.slice(0, maxTypeLength);
}

/** What is asked of a catalog for the names of a type. */
export type TypeNames = Pick<Catalog, "readAliases" | "dualNames" | "canonicalType">;

/** All names under which a row may know the type, its name of today first. @param type any of them */
export function namesOfType(catalog: TypeNames, type: string): string[] {
  const { readAliases, dualNames } = catalog;
  const name = catalog.canonicalType(type);
  const older = [...readAliases, ...dualNames].flatMap(([one, of]) => (of === name ? [one] : []));
  return [name, ...older];
}
