import { ForbiddenError, UnauthorizedError } from "@brain/engine";
import type { Asking, Authenticator, Principal } from "../../../http/kit/access.ts";
import { isSameHost } from "../../../http/kit/same-host.ts";
import { hashSecret } from "../api-key.ts";
import type { TrustedIssuer } from "../issuers.ts";
import { forgetSession, isolateSessions } from "../kept-rows.ts";
import { keyPrincipal } from "../key-authenticator.ts";
import type { IdentitySettings } from "../settings.ts";
import type { SessionRow } from "../tables.ts";
import { readToken, setCookie } from "./cookie.ts";
import { meaningOf } from "./issuer-meaning.ts";
import { endSession, type FoundSession, readSession, rotateSession } from "./store.ts";
import { hashFamily, nextToken } from "./token.ts";

/** A token is replaced when it is older; the one before is good a little longer, for requests that are under way. */
const rotateAfterMs = 15 * 60_000;
const overlapMs = 60_000;
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** The cookie of a session, for requests that have no `Authorization`. */
export function createSessionAuthenticator({ credentialCacheMs, issuers }: IdentitySettings): Authenticator {
  return {
    async authenticate(asking) {
      const { request, invocation } = asking;
      const token = readToken(request);
      if (token === null || request.headers.has("authorization")) return null;
      const hash = await hashSecret(token);
      const found = await find(asking, token, hash, credentialCacheMs);
      const now = new Date(invocation.now());
      const principal = found === null ? null : await principalOf(asking, found, issuers, now);
      if (found === null || principal === null) throw over(asking);
      const { session } = found;
      if (session.tokenHash !== hash) await requireOverlap(asking, session, hash, now);
      // Before anything is changed, also the token.
      await requireOwnSite(asking, session);
      if (
        !asking.isAgain &&
        session.tokenHash === hash &&
        now.getTime() - session.rotatedAt.getTime() > rotateAfterMs
      ) {
        await rotate(asking, session, token, now);
      }
      return principal;
    },
  };
}

async function find(
  { invocation }: Asking,
  token: string,
  hash: string,
  keepMs: number,
): Promise<FoundSession | null> {
  const kept = isolateSessions.find(hash, invocation.now());
  if (kept !== undefined) return kept;
  const found = await readSession(invocation.db, hash, await hashFamily(token));
  isolateSessions.keep(hash, found, invocation.now(), keepMs);
  return found;
}

function over({ request, answerHeader }: Asking): UnauthorizedError {
  answerHeader("set-cookie", setCookie(request.url, "session", "", 0));
  return new UnauthorizedError("The session is over, or was ended. Sign in again.");
}

/** Null: it is over, or what it was opened with is. */
async function principalOf(
  { bootstrapKey }: Asking,
  { session, key }: FoundSession,
  issuers: readonly TrustedIssuer[],
  now: Date,
): Promise<Principal | null> {
  if (session.revokedAt !== null || session.expiresAt <= now) return null;
  const { identityId, name, tenantId, scopes, origin } = session;
  const signedIn: Principal = { kind: "session", id: identityId, name, tenantId, scopes };
  switch (origin.kind) {
    case "api_key": {
      // What the key may do now, not what it might do then.
      const current = key === null ? null : keyPrincipal(key, now.getTime());
      return current === null ? null : { ...current, kind: "session" };
    }
    case "bootstrap":
      return bootstrapKey !== null && (await hashSecret(bootstrapKey)) === origin.keyHash ? signedIn : null;
    case "jwt": {
      const meaning = await meaningOf(identityId, issuers);
      return meaning !== null && (origin.meaning ?? meaning) === meaning ? signedIn : null;
    }
  }
}

/** An earlier token that comes late was copied: nobody goes on with this session. */
async function requireOverlap(asking: Asking, session: SessionRow, hash: string, now: Date): Promise<void> {
  const { previousHash, previousUntil } = session;
  if (hash === previousHash && previousUntil !== null && previousUntil > now) return;
  await endSession(asking.invocation.db, session.id, now);
  forgetSession(session.id);
  asking.invocation.log.warn(
    { session_id: session.id, identity: session.identityId },
    "A session was ended: its token came after it had been replaced.",
  );
  throw over(asking);
}

/**
 * What changes something comes from our own pages: they know the token, and no other site can read it.
 *
 * @throws {ForbiddenError}
 */
async function requireOwnSite({ request, body }: Asking, { csrfToken }: SessionRow): Promise<void> {
  if (safeMethods.has(request.method)) return;
  const origin = request.headers.get("origin");
  if (origin !== null && !isSameHost(origin, request.url)) throw foreign("comes from another site");
  const given = request.headers.get("x-csrf-token") ?? (await formToken(request, body));
  // Both are random and of one length; the time of comparing them tells what is right only to the holder of the
  // session.
  if (given !== csrfToken) throw foreign("has no valid CSRF token");
}

/** Of a form without client script. */
async function formToken(request: Request, body: Asking["body"]): Promise<string | null> {
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return null;
  return new URLSearchParams(new TextDecoder().decode(await body())).get("csrf_token");
}

function foreign(why: string): ForbiddenError {
  return new ForbiddenError(
    `The request ${why}. With a session, what changes something is sent from the site itself with the header "x-csrf-token" (GET /api/sessions/current has it).`,
  );
}

async function rotate(
  { request, invocation, answerHeader }: Asking,
  session: SessionRow,
  current: string,
  now: Date,
): Promise<void> {
  const token = nextToken(current);
  const isOurs = await rotateSession(invocation.db, session, {
    tokenHash: await hashSecret(token),
    familyHash: await hashFamily(token),
    previousUntil: new Date(now.getTime() + overlapMs),
    rotatedAt: now,
  });
  isolateSessions.forget(session.tokenHash);
  if (!isOurs) return;
  const leftS = Math.floor((session.expiresAt.getTime() - now.getTime()) / 1_000);
  answerHeader("set-cookie", setCookie(request.url, "session", token, leftS));
}
