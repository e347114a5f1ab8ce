import { PermanentError } from "@brain/engine";

/** What an event says of whose it is. */
interface Told {
  readonly type: string;
  readonly tenant_id: string | null;
  readonly payload: { readonly tenant_id?: string | null | undefined };
}

/**
 * Whose what an event tells is. The tenant of the envelope comes from who published it, that of the payload from
 * whatever it wrote: so the payload says it only where the envelope does not.
 *
 * @throws {PermanentError} they name two: one tenant tells of another
 */
export function toldTenant({ type, tenant_id: publisher, payload }: Told): string | null {
  const told = payload.tenant_id ?? null;
  if (publisher === null || told === null || told === publisher) return publisher ?? told;
  throw new PermanentError(
    `The event "${type}" of one tenant tells in its payload of another one; nothing is done for it. Check who sent it.`,
  );
}

/**
 * Lets an event change only what is its own tenant's, or nobody's.
 *
 * @param owner whose what it names is; null: nobody's
 * @throws {PermanentError} it is another tenant's
 */
export function requireTeller(
  { type, tenant_id: publisher }: Omit<Told, "payload">,
  owner: string | null,
): void {
  if (publisher === null || owner === null || owner === publisher) return;
  throw new PermanentError(
    `The event "${type}" of one tenant names what is another one's; nothing is done for it. Check who sent it.`,
  );
}
