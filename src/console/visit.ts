import { systemClock } from "@brain/engine";
import type { Context } from "hono";
import { scopesGrant } from "../http/kit/scopes.ts";
import { type ApiFetch, type ApiSession, openApi, searchOf } from "./api.ts";
import { formatFor } from "./format.ts";
import type { Caller, Visit } from "./page.ts";
import { readPreferences } from "./preferences.ts";

/** A visit with what its answer needs. */
export interface OpenVisit {
  readonly visit: Visit;
  readonly api: ApiSession;
  /** Adds to the answer what the API set on the way. */
  addCookies(c: Context): void;
}

export interface VisitOptions {
  readonly fetch: ApiFetch;
  readonly base: string;
  /** As a form sent it; left out or null: none did. */
  readonly csrfToken?: string | null;
}

/**
 * Asks who looks. It is asked first and alone: a session's token may be replaced by it, and what follows brings the new one.
 *
 * @throws {ApiRefusal} 401: nobody is signed in
 */
export async function openVisit(
  c: Context,
  { fetch, base, csrfToken: sentToken = null }: VisitOptions,
): Promise<OpenVisit> {
  // What the form sent, so that the API judges it.
  const session = openApi(c, fetch, sentToken);
  const { api } = session;
  const caller = await api.get<Caller>("/api/me");
  const shownToken =
    caller.kind === "session"
      ? (await api.get<{ readonly csrf_token: string }>("/api/sessions/current")).csrf_token
      : null;
  const preferences = readPreferences(c);
  const now = new Date(systemClock());
  const queries = Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value !== ""));
  const visit: Visit = {
    api,
    caller,
    can: (scope) => scopesGrant(caller.scopes, scope),
    isForAllTenants: caller.tenant_id === null,
    preferences,
    format: formatFor(preferences, now),
    now,
    words: (words) => words[preferences.language],
    param: (name) => c.req.param(name) ?? "",
    query: (name) => queries[name] ?? null,
    queries,
    origin: new URL(c.req.url).origin,
    // An app whose paths end in no slash has the console at its base alone.
    href: (path, query = {}) => `${path === "/" ? base || "/" : base + path}${searchOf(query)}`,
    hrefHere: (query) => `${new URL(c.req.url).pathname}${searchOf({ ...queries, ...query })}`,
    refused: null,
    csrfToken: shownToken,
  };
  return {
    visit,
    api: session,
    addCookies(answering) {
      for (const cookie of session.setCookies) answering.header("set-cookie", cookie, { append: true });
    },
  };
}
