import { TooManyRequestsError } from "@brain/engine";
import type { Context } from "hono";
import type { AppEnv } from "../host.ts";
import type { Principal } from "../kit/access.ts";
import { Buckets } from "../kit/buckets.ts";
import { leftText, policyText } from "../kit/rate-limit-fields.ts";
import { networkOf } from "./caller.ts";
import { GoodCredentials } from "./good-credentials.ts";

/*
 * How many requests a caller may make: each identity, and all identities of a tenant together; both again on routes that
 * are costly; each network address without a credential, and each address whose credentials were refused. Counted in the isolate (`Buckets`), because a count in
 * Redis would cost each request a call, most of which need none now. What has to hold over all isolates has a count in
 * Redis: the events that are handed in (`limitIngest`) and the limits of modules (`limitRate`).
 *
 * Looked at and left: @upstash/ratelimit asks Redis with every request, counts requests where we count events, and brings
 * a client beside ours. Cloudflare's binding has its limits in the configuration of the deployment, for periods of 10 or
 * 60 s, and tells nobody what is left; it exists on one of our two hosts.
 */

/** Requests a minute, in an isolate; null: any number. */
export interface RequestLimits {
  readonly perIdentity: number | null;
  /** All identities of one tenant together. */
  readonly perTenant: number | null;
  /** Each identity, on the routes of one name that say of themselves that they are costly (`requires`). */
  readonly perCostly: number | null;
  /** All identities of one tenant together, on those: it makes as many keys as it likes. */
  readonly perTenantCostly: number | null;
  /** On routes that anybody may use, for each network address. */
  readonly perAddress: number | null;
  /** Credentials that were refused, for each network address. */
  readonly refusalsPerAddress: number | null;
}

export const noLimits: RequestLimits = {
  perIdentity: null,
  perTenant: null,
  perCostly: null,
  perTenantCostly: null,
  perAddress: null,
  refusalsPerAddress: null,
};

/** One for each app, so for each isolate. */
export interface RequestLimiter {
  /** @throws {TooManyRequestsError} */
  countAnonymous(c: Context<AppEnv>): void;
  /**
   * Counts for the identity and for its tenant, for both again on costly routes of this name, and tells in the answer what is
   * left of each.
   *
   * @param costly null: the route is not costly
   * @throws {TooManyRequestsError}
   */
  countIdentified(c: Context<AppEnv>, principal: Principal, costly: string | null): void;
  /**
   * Before a credential is looked up: too many from this address were refused, and this one is not known to be good.
   *
   * @throws {TooManyRequestsError}
   */
  requireFewRefusals(c: Context<AppEnv>): Promise<void>;
  /** A credential was refused. */
  noteRefusal(c: Context<AppEnv>): Promise<void>;
  /** A credential was looked up, and is good. */
  noteGood(c: Context<AppEnv>): Promise<void>;
}

export function createRequestLimiter(limits: RequestLimits): RequestLimiter {
  const buckets = new Buckets();
  const good = new GoodCredentials();
  const nowOf = (c: Context<AppEnv>) => c.get("host").invocation.now();
  /** The address that the host saw; null: it does not know. */
  const addressOf = (c: Context<AppEnv>) => {
    const { clientAddress } = c.get("host");
    return clientAddress == null ? null : networkOf(clientAddress);
  };
  /** Whose refusals are counted together: of an address, and there of a key that signed well lately. */
  const refusedOf = async (c: Context<AppEnv>, address: string) => {
    const signer = signerOf(c);
    const isKnown = signer !== null && (await good.isKnown(signer, nowOf(c)));
    return `refused:${address}${isKnown ? `:${signer}` : ""}`;
  };
  return {
    countAnonymous(c) {
      const address = addressOf(c);
      if (limits.perAddress === null || address === null) return;
      const left = buckets.take(`address:${address}`, limits.perAddress, nowOf(c));
      refuseWhenOver(left, "address", limits.perAddress, "of this network address");
    },
    countIdentified(c, { id, tenantId }, costly) {
      for (const { name, whose, perMinute, of } of countedFor(limits, { id, tenantId }, costly)) {
        if (perMinute === null) continue;
        const left = buckets.take(whose, perMinute, nowOf(c));
        refuseWhenOver(left, name, perMinute, of);
        c.header("ratelimit-policy", policyText(name, perMinute), { append: true });
        c.header("ratelimit", leftText(name, left.remaining, left.resetSeconds), { append: true });
      }
    },
    async requireFewRefusals(c) {
      const address = addressOf(c);
      const perMinute = limits.refusalsPerAddress;
      if (perMinute === null || address === null) return;
      const left = buckets.look(await refusedOf(c, address), perMinute, nowOf(c));
      if (left.allowed) return;
      const credential = credentialOf(c);
      const isKnown = credential !== null && (await good.isKnown(credential, nowOf(c)));
      if (isKnown && signerOf(c) === null) return;
      refuseWhenOver(left, "refused", perMinute, "with refused credentials of this network address");
    },
    async noteRefusal(c) {
      const address = addressOf(c);
      if (limits.refusalsPerAddress === null || address === null) return;
      const credential = credentialOf(c);
      // Anybody may name a key that signs: one wrong signature says nothing of the next.
      if (credential !== null && signerOf(c) === null) await good.forget(credential);
      // Who sent no credential at all asked nobody to look anything up.
      if (c.req.header("authorization") === undefined && signerOf(c) === null) return;
      buckets.take(await refusedOf(c, address), limits.refusalsPerAddress, nowOf(c));
    },
    async noteGood(c) {
      const credential = credentialOf(c);
      if (limits.refusalsPerAddress === null || addressOf(c) === null || credential === null) return;
      await good.note(credential, nowOf(c));
    },
  };
}

/** What the next request of the same caller brings again; null: nothing is. */
function credentialOf(c: Context<AppEnv>): string | null {
  return c.req.header("authorization") ?? signerOf(c) ?? c.req.header("cookie") ?? null;
}

/** The key that a request says it is signed with, as the signature is another one each time; null: it is not signed. */
function signerOf(c: Context<AppEnv>): string | null {
  if (c.req.header("authorization") !== undefined) return null;
  return /;keyid="[a-z0-9]{1,64}"/.exec(c.req.header("signature-input") ?? "")?.[0] ?? null;
}

interface Counted {
  /** In the fields of the answer. */
  readonly name: string;
  readonly whose: string;
  readonly perMinute: number | null;
  readonly of: string;
}

function countedFor(
  { perIdentity, perTenant, perCostly, perTenantCostly }: RequestLimits,
  { id, tenantId }: Pick<Principal, "id" | "tenantId">,
  costly: string | null,
): readonly Counted[] {
  const identity = { name: "identity", whose: `identity:${id}`, of: "of this credential" };
  const tenant =
    tenantId === null ? null : { name: "tenant", whose: `tenant:${tenantId}`, of: "of this tenant" };
  const onCostly = (one: Omit<Counted, "perMinute">, name: string) => ({
    name,
    whose: `${costly}:${one.whose}`,
    of: `for "${costly}" ${one.of}`,
  });
  return [
    { ...identity, perMinute: perIdentity },
    ...(tenant === null ? [] : [{ ...tenant, perMinute: perTenant }]),
    ...(costly === null ? [] : [{ ...onCostly(identity, costly), perMinute: perCostly }]),
    ...(costly === null || tenant === null
      ? []
      : [{ ...onCostly(tenant, `tenant-${costly}`), perMinute: perTenantCostly }]),
  ];
}

function refuseWhenOver(
  left: ReturnType<Buckets["take"]>,
  name: string,
  perMinute: number,
  whose: string,
): void {
  if (left.allowed) return;
  throw new TooManyRequestsError(
    `Too many requests ${whose}: ${perMinute} a minute are allowed. Come back in ${left.againSeconds} s.`,
    left.againSeconds,
    [{ path: name, message: `received one more, expected at most ${perMinute} a minute` }],
    { name, perMinute, remaining: left.remaining },
  );
}
