import { definePort, type Invocation } from "@brain/engine";
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { type Scope, scopesGrant } from "./scopes.ts";

/** Who calls, as its credential proves. */
export interface Principal {
  readonly kind: "bootstrap" | "api_key" | "jwt" | "session" | "machine";
  /**
   * The same for every request of one identity, and of no other: letters, digits and `: _ . -`, at most 100. One identity may
   * work for several tenants, with a credential for each; `key:…` is an API key and works for one tenant, or all, for ever.
   */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** The one tenant that it reads and writes in; null: all of them. */
  readonly tenantId: string | null;
  readonly scopes: readonly Scope[];
  /** When the credential is over, where it says so itself, as a token does; left out: it is asked about again. */
  readonly endsAt?: Date;
}

/** True for an identity that no credential has for two tenants. */
export function isOfOneTenant(id: string): boolean {
  return id.startsWith("key:");
}

/** What an authenticator has to find out who calls. */
export interface Asking {
  readonly request: Request;
  readonly invocation: Invocation;
  /** The body as it came; it can be read again behind. */
  readonly body: () => Promise<Uint8Array>;
  /** Null: it is switched off. */
  readonly bootstrapKey: string | null;
  /** True: the answer has begun and goes on, and nothing can be added to its headers. */
  readonly isAgain: boolean;
  /** Adds a header to the answer, also when the request is refused. */
  readonly answerHeader: (name: string, value: string) => void;
  /** For what the answer need not wait for. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** One kind of credential. */
export interface Authenticator {
  /** Its name in `WWW-Authenticate`; left out: it is no scheme of HTTP, as a cookie. */
  readonly scheme?: string;
  /**
   * Null: the request has no credential of this kind, and others are asked.
   *
   * @throws {UnauthorizedError} it has one, and it is not valid
   * @throws {ForbiddenError} it is valid, but not for this request
   */
  authenticate(asking: Asking): Promise<Principal | null>;
}

/** Asked in the order of the product's list, behind the bootstrap key. */
export const authenticatorPort = definePort<Authenticator>("authenticator");

/**
 * Whose rows a route shows or changes. `own_tenant`: it asks `tenantOf` or `visibleTenant`, and a credential of one tenant
 * sees nothing of others. `all_tenants`: it concerns everybody, so a credential of one tenant may not call it.
 */
export type Reach = "own_tenant" | "all_tenants";

/**
 * Among whose requests a route is counted when more come than may be in work. `operators`: it is for those who see and steer
 * the system, and has places left when others have none.
 */
export type Lane = "operators" | "ordinary";

/** What a route says of who may call it. */
export type Access = WhoMayCall & { readonly lane: Lane };

type WhoMayCall =
  | {
      readonly kind: "requires";
      readonly scope: Scope;
      readonly reach: Reach;
      /** The name under which its requests are counted with those of its like, because each costs much; null: it does not. */
      readonly costly: string | null;
    }
  /** Any credential that is valid. `why`: for the readers of the table of routes. */
  | { readonly kind: "identified"; readonly why: string }
  | { readonly kind: "anybody"; readonly why: string };

const isolateAccess = new WeakMap<object, Access>();

/** Only people who operate or decide have these, and what watches the system. */
const operatorScopes: ReadonlySet<Scope> = new Set([
  "admin",
  "approve",
  "audit:read",
  "metrics:read",
  "operate",
  "operations:read",
]);

function declare(access: Access): MiddlewareHandler {
  // What it says is followed before the route is reached, see `http/authentication.ts`.
  const handler: MiddlewareHandler = (_c, next) => next();
  isolateAccess.set(handler, access);
  return handler;
}

/**
 * Says what a route asks of its caller; the first handler of the route.
 *
 * @param scope what the credential must grant. For one that ends in a placeholder, `events:publish:<domain>`, a narrower
 *   grant opens the door, and the route itself looks at what is asked (`grants`)
 * @param costly for a route whose answer costs many times that of others: a name, lower-case letters. Routes of one name are
 *   counted together, a minute at a time, in the isolate: `BRAIN_COSTLY_PER_IDENTITY` calls of an identity, and
 *   `BRAIN_COSTLY_PER_TENANT` of a tenant. Null: it is not counted
 */
export function requires(scope: Scope, reach: Reach, costly: string | null = null): MiddlewareHandler {
  const lane = operatorScopes.has(scope) ? "operators" : "ordinary";
  return declare({ kind: "requires", scope, reach, costly, lane });
}

/** Says that a route takes every valid credential, whatever it grants. @param why it may */
export function identified(why: string): MiddlewareHandler {
  return declare({ kind: "identified", why, lane: "ordinary" });
}

/** Says that a route asks for no credential. @param why it need not */
export function anybody(why: string): MiddlewareHandler {
  return declare({ kind: "anybody", why, lane: "ordinary" });
}

/**
 * Says that a route is one of the operators', though others may call it, too. One whose scope only operators have is so by
 * itself.
 *
 * @param who what it asks of its caller: `forOperators(identified("…"))`
 */
export function forOperators(who: MiddlewareHandler): MiddlewareHandler {
  const access = isolateAccess.get(who);
  if (access === undefined)
    throw new TypeError("forOperators: expected requires(…), identified(…) or anybody(…).");
  return declare({ ...access, lane: "operators" });
}

/** What this handler of a route declares; undefined for other handlers. */
export function declaredAccess(handler: object): Access | undefined {
  return isolateAccess.get(handler);
}

/** What the route that answers this request declares; null when no route answers. */
export function accessOf(c: Context): Access | null {
  for (const { handler } of matchedRoutes(c)) {
    const access = isolateAccess.get(handler);
    if (access !== undefined) return access;
  }
  return null;
}

/** True when the credential grants what is asked. */
export function grants({ scopes }: Principal, asked: Scope): boolean {
  return scopesGrant(scopes, asked);
}
