import { ConflictError, ForbiddenError, NotFoundError, UnauthorizedError } from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { anybody, forOperators, identified, type Principal, requires } from "../../../http/kit/access.ts";
import type { ModuleEnv, RequestServices } from "../../../http/kit/module-env.ts";
import { validated, withoutBody } from "../../../http/kit/routing.ts";
import { hashSecret } from "../api-key.ts";
import { principalOfClaims } from "../claims.ts";
import type { TrustedIssuer } from "../issuers.ts";
import { isolateSessions } from "../kept-rows.ts";
import { signInsLimit } from "../limits.ts";
import type { IdentitySettings } from "../settings.ts";
import type { SessionOrigin, SessionRow } from "../tables.ts";
import { readCookie, readToken, setCookie } from "./cookie.ts";
import { meaningOf } from "./issuer-meaning.ts";
import { isOwnPath, pendingText, readPending } from "./pending.ts";
import {
  endSessionById,
  listSessionViews,
  type OpenedSession,
  openSession,
  sessionView,
} from "./sessions.ts";
import type { SignInClient } from "./settings.ts";
import { type FoundSession, readSession } from "./store.ts";
import { hashFamily } from "./token.ts";

/** How long somebody may take at the issuer, seconds. */
const signInS = 600;

/** Few systems let people sign in at an issuer, so what that takes is a part of its own beside the program. */
const openIdConnect = () => import("./oidc.ts");

const comesWithout = forOperators(anybody("who signs in has no credential yet"));
const issuerParam = z.object({
  issuer: z.string().regex(/^[a-z][a-z0-9_-]{0,23}$/, "expected the name of an issuer"),
});
const startQuery = z.strictObject({
  /** Where the browser goes when it is signed in. */
  return_to: z.string().max(1_001).refine(isOwnPath, "expected a path of this site, e.g. /").default("/"),
});
/** What an issuer may say; oauth4webapi looks at it. */
const callbackQuery = z.object({ state: z.string().max(500), code: z.string().max(4_000).optional() });
const sessionParam = z.object({ id: z.uuid("expected the id of a session") });

/** The routes below `/api/sessions`. */
export function sessionRoutes(settings: IdentitySettings): Hono<ModuleEnv> {
  const { sessionS, issuers } = settings;
  const app = new Hono<ModuleEnv>();

  app.post(
    "/",
    forOperators(identified("whoever has a credential may sign in with it")),
    withoutBody(),
    async (c) => {
      const { services } = c.var;
      const principal = ownIdentity(services.principal, c.req.header("x-actor-id"));
      const origin = await originOf(c, principal, issuers);
      const opened = await openSession(services, principal, origin, sessionS);
      return answerOpened(c, opened);
    },
  );

  app.get("/current", forOperators(identified("a session may ask about itself")), async (c) => {
    const session = await currentSession(c);
    c.header("cache-control", "no-store");
    return c.json({ ...sessionView(session), csrf_token: session.csrfToken });
  });

  app.delete("/current", forOperators(identified("a session may end itself")), withoutBody(), async (c) => {
    const session = await currentSession(c);
    await endSessionById(c.var.services, session.id);
    c.header("set-cookie", setCookie(c.req.url, "session", "", 0));
    return c.body(null, 204);
  });

  app.get("/", requires("admin", "own_tenant"), async (c) =>
    c.json({ sessions: await listSessionViews(c.var.services) }),
  );

  app.post(
    "/:id/revoke",
    requires("admin", "own_tenant"),
    validated("param", sessionParam),
    withoutBody(),
    async (c) => {
      const { id } = c.req.valid("param");
      await endSessionById(c.var.services, id);
      return c.json({ id, revoked: true });
    },
  );

  return app.route("/oidc", signInRoutes(settings));
}

/** People sign in at an issuer, by a redirect there and back. */
function signInRoutes({ sessionS, signIn, publicUrl }: IdentitySettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/", comesWithout, (c) =>
    c.json({
      issuers: signIn.map(({ name }) => ({ name, start: `/api/sessions/oidc/${name}/start` })),
    }),
  );

  app.get(
    "/:issuer/start",
    comesWithout,
    validated("param", issuerParam),
    validated("query", startQuery),
    async (c) => {
      await c.var.services.limitCaller(signInsLimit);
      const client = clientOf(signIn, c.req.valid("param").issuer);
      const { beginSignIn } = await openIdConnect();
      const { url, pending } = await beginSignIn(
        client,
        redirectUriOf(c, publicUrl, client),
        c.req.valid("query").return_to,
      );
      c.header("set-cookie", setCookie(c.req.url, "sign_in", pendingText(pending), signInS));
      c.header("cache-control", "no-store");
      return c.redirect(url, 302);
    },
  );

  app.get(
    "/:issuer/callback",
    comesWithout,
    validated("param", issuerParam),
    validated("query", callbackQuery),
    async (c) => {
      const { services } = c.var;
      await services.limitCaller(signInsLimit);
      const client = clientOf(signIn, c.req.valid("param").issuer);
      const pending = readPending(readCookie(c.req.raw, "sign_in"));
      // What was begun is over, however it ends.
      c.header("set-cookie", setCookie(c.req.url, "sign_in", "", 0));
      if (pending.with !== client.name) readPending(null);
      const answer = new URL(c.req.url).searchParams;
      const { finishSignIn } = await openIdConnect();
      const claims = await finishSignIn(client, pending, answer, redirectUriOf(c, publicUrl, client));
      const principal = await principalOfClaims(client.claims, claims, "session");
      const origin = await issuerOrigin(principal, [client.claims]);
      const { token, lifeS } = await openSession(services, principal, origin, sessionS);
      c.header("set-cookie", setCookie(c.req.url, "session", token, lifeS), { append: true });
      c.header("cache-control", "no-store");
      return c.redirect(pending.returnTo, 303);
    },
  );

  return app;
}

/** @throws {NotFoundError} nobody signs in there */
function clientOf(signIn: readonly SignInClient[], name: string): SignInClient {
  const client = signIn.find((one) => one.name === name);
  if (client !== undefined) return client;
  throw new NotFoundError(`Nobody signs in at an issuer named "${name}" here.`);
}

function redirectUriOf(c: Context<ModuleEnv>, publicUrl: string | null, { name }: SignInClient): string {
  const origin = publicUrl ?? new URL(c.req.url).origin;
  return `${origin.replace(/(?<!\/)\/+$/, "")}/api/sessions/oidc/${name}/callback`;
}

/** Puts the token into the cookie, and what the pages need into the answer. */
function answerOpened(c: Context<ModuleEnv>, { token, session, lifeS }: OpenedSession): Response {
  c.header("set-cookie", setCookie(c.req.url, "session", token, lifeS));
  c.header("cache-control", "no-store");
  return c.json({ ...sessionView(session), csrf_token: session.csrfToken }, 201);
}

/**
 * @throws {ConflictError} it is signed in already
 * @throws {ForbiddenError} it acts for somebody else: a session is the identity's own
 */
function ownIdentity(principal: Principal | null, actingFor: string | undefined): Principal {
  if (principal === null) throw new UnauthorizedError("There is no credential to sign in with.");
  if (principal.kind === "session")
    throw new ConflictError("This is a session already. Sign out first: DELETE /api/sessions/current.");
  if (actingFor !== undefined)
    throw new ForbiddenError("A session is the identity's own. Sign in without the x-actor-id header.");
  return principal;
}

async function issuerOrigin({ id }: Principal, issuers: readonly TrustedIssuer[]): Promise<SessionOrigin> {
  const meaning = await meaningOf(id, issuers);
  if (meaning === null) throw new Error(`The issuer of "${id}" was believed a moment ago.`);
  return { kind: "jwt", meaning };
}

async function originOf(
  c: Context<ModuleEnv>,
  principal: Principal,
  issuers: readonly TrustedIssuer[],
): Promise<SessionOrigin> {
  const { kind, id } = principal;
  switch (kind) {
    case "api_key":
      return { kind, keyId: id.slice(id.indexOf(":") + 1) };
    case "bootstrap": {
      const key = /^Bearer +(\S+)/.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
      return { kind, keyHash: await hashSecret(key) };
    }
    case "jwt":
      return issuerOrigin(principal, issuers);
    default:
      throw new ForbiddenError(
        "A session is opened with an API key or a token of an issuer, not with a signed request.",
      );
  }
}

/** @throws {ConflictError} the request is not made with a session */
async function currentSession(c: Context<ModuleEnv>): Promise<SessionRow> {
  const token = c.var.services.principal?.kind === "session" ? readToken(c.req.raw) : null;
  const found = token === null ? null : await sessionOfToken(c.var.services, token);
  if (found === null)
    throw new ConflictError("The request is not made with a session. POST /api/sessions opens one.");
  return found.session;
}

/** Who called was just asked by it, so it is known here as a rule. */
async function sessionOfToken({ now, db }: RequestServices, token: string): Promise<FoundSession | null> {
  const hash = await hashSecret(token);
  return isolateSessions.find(hash, now().getTime()) ?? readSession(db, hash, await hashFamily(token));
}
