import { ForbiddenError } from "@brain/engine";
import { grants, type Principal } from "./access.ts";

/*
 * Under which name a request acts. Where two persons are needed, these names are compared: so they come from the
 * credential, and no field of a request replaces them unless the credential may act for others.
 */

/** What is asked: the `services` of a request fit. */
interface Acting {
  readonly principal: Principal | null;
  readonly actorId: string | null;
}

/**
 * Who is written down as having done what a request asks for. Null: nobody in particular, as the holder of the bootstrap
 * key who names nobody.
 *
 * @param field what names somebody in the request, for the error
 * @param named null or undefined: nobody
 * @throws {ForbiddenError} it names somebody else than who acts, and the credential lacks the scope `act_as`
 */
export function actorNamed(
  { principal, actorId }: Acting,
  field: string,
  named: string | null | undefined,
): string | null {
  if (named === null || named === undefined || named === actorId) return actorId;
  if (principal !== null && grants(principal, "act_as")) return named;
  throw new ForbiddenError(
    `The request names "${named.slice(0, 100)}" as ${field}, and the credential "${principal?.name ?? "none"}" may not act for others: it acts as "${actorId ?? "nobody"}". Leave ${field} out, or use a credential with the scope "act_as".`,
  );
}
