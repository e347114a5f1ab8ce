import { ForbiddenError, UnauthorizedError, ValidationError } from "@brain/engine";
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "../host.ts";
import {
  type Access,
  type Asking,
  type Authenticator,
  accessOf,
  grants,
  type Principal,
} from "../kit/access.ts";
import { readBytes } from "../kit/request-body.ts";
import { createSecretCheck } from "../kit/secret-check.ts";
import type { RequestLimiter } from "./limits.ts";

/** Below it even what is not there asks for a credential, and so tells nobody what there is. */
const guardedRoot = "/api";

/**
 * Finds out who calls, and refuses whoever may not call this route, before anything reads the request. What a route asks
 * stands beside it (`requires`, `anybody`).
 *
 * @throws {UnauthorizedError} no credential, or one that is not valid
 * @throws {ForbiddenError} the credential does not grant it
 */
export function authenticate(
  authenticators: readonly Authenticator[],
  limiter: RequestLimiter,
): MiddlewareHandler<AppEnv> {
  const isBootstrap = bootstrapCheck();
  const others = authenticators.flatMap(({ scheme }) => scheme ?? []);
  const schemes = [...new Set(["Bearer", ...others])].join(", ");
  return async (c, next) => {
    const access = accessOf(c);
    const guarded = c.req.path === guardedRoot || c.req.path.startsWith(`${guardedRoot}/`);
    if (access?.kind === "anybody" || (access === null && !guarded)) {
      limiter.countAnonymous(c);
      return next();
    }
    c.set("schemes", schemes);
    const identify = async (isAgain: boolean) => {
      const found = isBootstrap(c)
        ? bootstrap
        : await limited(limiter, c, () => firstOf(authenticators, c, isAgain));
      if (access !== null) requireAccess(found, access);
      return found;
    };
    const principal = await identify(false);
    limiter.countIdentified(c, principal, access?.kind === "requires" ? access.costly : null);
    c.set("identifyAgain", () => identify(true));
    const actorId = actorOf(c, principal);
    c.set("told", { ...c.get("told"), actorId });
    const services = c.get("services");
    const { tenantId } = principal;
    const db = tenantId === null ? services.db : services.db.ofTenant(tenantId);
    c.set("services", { ...services, principal, actorId, db });
    await next();
  };
}

/** How often the credential of an answer that goes on is looked at again, ms; an authenticator remembers for longer. */
const lookAgainMs = 5_000;

/**
 * Live events for as long as the credential is good: one that is revoked or expires ends them.
 *
 * @throws {UnauthorizedError | ForbiddenError} while they come
 */
export async function* whileGood<Step>(c: Context<AppEnv>, live: AsyncIterable<Step>): AsyncGenerator<Step> {
  const { invocation } = c.get("host");
  let lookedMs = invocation.now();
  for await (const step of live) {
    if (invocation.now() - lookedMs >= lookAgainMs) {
      await c.get("identifyAgain")?.();
      lookedMs = invocation.now();
    }
    yield step;
  }
}

/** The holder of BRAIN_API_KEY: nobody in particular, with all rights. */
export const bootstrap: Principal = {
  kind: "bootstrap",
  id: "bootstrap",
  name: "BRAIN_API_KEY",
  tenantId: null,
  scopes: ["admin"],
};

function bootstrapCheck(): (c: Context<AppEnv>) => boolean {
  // The key stays the same, as a rule; a host that gives another one gets its own check.
  let checked: string | null = null;
  let isKey = createSecretCheck("");
  return (c) => {
    const { apiKey } = c.get("host");
    const token = bearerOf(c.req.raw);
    if (apiKey === null || token === null) return false;
    if (apiKey !== checked) [checked, isKey] = [apiKey, createSecretCheck(apiKey)];
    return isKey(token);
  };
}

/**
 * Where too many credentials were refused, none is looked up but those that were good lately.
 *
 * @throws {UnauthorizedError}
 * @throws {TooManyRequestsError} too many of this address were refused
 */
async function limited(
  limiter: RequestLimiter,
  c: Context<AppEnv>,
  ask: () => Promise<Principal | null>,
): Promise<Principal> {
  await limiter.requireFewRefusals(c);
  try {
    const principal = await ask();
    if (principal === null) throw new UnauthorizedError(whyNot(c));
    await limiter.noteGood(c);
    return principal;
  } catch (error) {
    if (error instanceof UnauthorizedError) await limiter.noteRefusal(c);
    throw error;
  }
}

async function firstOf(
  authenticators: readonly Authenticator[],
  c: Context<AppEnv>,
  isAgain: boolean,
): Promise<Principal | null> {
  const { invocation, waitUntil, apiKey } = c.get("host");
  const asking: Asking = {
    request: c.req.raw,
    invocation,
    waitUntil,
    bootstrapKey: apiKey,
    isAgain,
    body: () => readBytes(c),
    answerHeader: (name, value) => c.header(name, value, { append: true }),
  };
  for (const authenticator of authenticators) {
    const principal = await authenticator.authenticate(asking);
    if (principal !== null) return principal;
  }
  return null;
}

/** The token of `Authorization: Bearer …`; null when there is none. */
export function bearerOf({ headers }: Request): string | null {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}

function whyNot(c: Context): string {
  const how =
    'Send "Authorization: Bearer <key>" with an API key, or with the key printed at start (BRAIN_API_KEY) where that one is not switched off.';
  if (c.req.header("authorization") === undefined) return `The request has no key. ${how}`;
  if (bearerOf(c.req.raw) === null) return `The Authorization header is not a bearer key. ${how}`;
  return `The key is not valid. ${how}`;
}

function requireAccess(principal: Principal, access: Access): void {
  if (access.kind !== "requires") return;
  const { scope, reach } = access;
  if (!grants(principal, scope)) {
    throw new ForbiddenError(
      `This needs the scope "${scope}", and the credential "${principal.name}" does not grant it. Ask whoever manages keys for one that does.`,
    );
  }
  if (reach === "all_tenants" && principal.tenantId !== null) {
    throw new ForbiddenError(
      `This concerns all tenants, and the credential "${principal.name}" is for the tenant "${principal.tenantId}" alone. It needs a credential for all tenants.`,
    );
  }
}

const actorShape = /^[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}$/;

/**
 * Who acts: the user on whose behalf the request is made, an id and never a name or an e-mail address, or else the
 * identity of the credential. Null for the bootstrap key: whoever has it is nobody in particular.
 *
 * @throws {ValidationError} the header is no id
 * @throws {ForbiddenError} the credential may not act for others
 */
function actorOf(c: Context, principal: Principal): string | null {
  const actorId = c.req.header("x-actor-id");
  if (actorId === undefined) return principal.kind === "bootstrap" ? null : principal.id;
  if (!actorShape.test(actorId)) {
    throw new ValidationError(
      "The x-actor-id header is not an id. Expected 1 to 100 letters, digits, and : _ . -",
      { issues: [{ path: "x-actor-id", message: "expected an id" }] },
    );
  }
  if (actorId === principal.id || grants(principal, "act_as")) return actorId;
  throw new ForbiddenError(
    `The x-actor-id header names "${actorId}", and the credential "${principal.name}" may not act for others. Leave the header out, or use a credential with the scope "act_as".`,
  );
}
