import { PermanentError } from "@brain/engine";

/** What an event says of whose it is. */
interface Told {
  readonly type: string;
  readonly tenant_id: string | null;
  readonly payload: { readonly tenant_id?: string | null | undefined };
}

/**
 * The tenant whose data an event carries. The envelope has the publisher's tenant, the payload whatever the publisher
 * wrote: so the payload counts only where the envelope names none.
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
 * @param owner tenant of what the event names; null: nobody's
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
