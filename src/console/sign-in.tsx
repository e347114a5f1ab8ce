import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ApiFetch, ApiRefusal, openApi } from "./api.ts";
import { readPreferences } from "./preferences.ts";
import { Brand, renderDocument } from "./shell.tsx";
import { shellWords } from "./words/shell.ts";
import { signInWords } from "./words/sign-in.ts";

interface SignIn {
  readonly fetch: ApiFetch;
  readonly base: string;
  /** Where the browser goes when it is signed in. */
  readonly returnTo: string;
  /** A form was sent without a session, and did nothing. */
  readonly wasSent?: boolean;
}

interface Issuers {
  readonly issuers: readonly { readonly name: string; readonly start: string }[];
}

/** The form that opens a session with a key, and where else somebody can sign in. */
export async function showSignIn(
  c: Context,
  { fetch, base, returnTo, wasSent = false }: SignIn,
  failed: ApiRefusal | null = null,
): Promise<Response> {
  const preferences = readPreferences(c);
  const w = signInWords[preferences.language];
  const { api } = openApi(c, fetch, null);
  // Who cannot be asked offers nothing; a key may still do.
  const found = await api.get<Issuers>("/api/sessions/oidc").catch(() => null);
  const main = (
    <div class="sign-in">
      <p class="brand">
        <Brand name={shellWords[preferences.language].product} />
      </p>
      <h1>{w.title}</h1>
      {wasSent ? (
        <div class="message warn" role="alert">
          <p>{w.unsent}</p>
        </div>
      ) : null}
      {failed === null ? null : (
        <div class="message bad" role="alert">
          <p>{failed.status === 401 ? w.refused : failed.message}</p>
        </div>
      )}
      <form method="post" action={`${base}/sign-in`} class="stacked">
        <input type="hidden" name="return_to" value={returnTo} />
        <label>
          {w.key}
          <input
            type="password"
            name="key"
            required
            maxlength={500}
            autocomplete="current-password"
            autofocus
            data-from-fragment="key"
          />
          <span class="hint">{w.keyHint}</span>
        </label>
        <button>{w.signIn}</button>
      </form>
      {found === null || found.issuers.length === 0 ? null : (
        <p class="buttons">
          {found.issuers.map(({ name, start }) => (
            <a class="button plain" href={`${start}?return_to=${encodeURIComponent(returnTo)}`}>
              {w.signInAt(name)}
            </a>
          ))}
        </p>
      )}
    </div>
  );
  const text = await renderDocument({ base, preferences, title: w.title, around: null, main });
  return c.html(text, (failed?.status ?? 200) as ContentfulStatusCode);
}

/** Opens a session with the key and goes on. */
export async function signIn(
  c: Context,
  { key, ...options }: SignIn & { readonly key: string },
): Promise<Response> {
  // Before it becomes a header: what cannot be one is told by name in the log of the runtime, the key with it.
  if (!/^[\x21-\x7e]{1,500}$/.test(key))
    return showSignIn(
      c,
      options,
      new ApiRefusal("The key is not valid.", { status: 401, code: "unauthorized" }),
    );
  const { api, setCookies } = openApi(c, options.fetch, null, {
    authorization: `Bearer ${key}`,
    // A session from before does not count beside it, and is not ended.
    cookie: "",
  });
  try {
    await api.change("/api/sessions", { idempotencyKey: null });
  } catch (error) {
    if (error instanceof ApiRefusal) return showSignIn(c, options, error);
    throw error;
  }
  for (const cookie of setCookies) c.header("set-cookie", cookie, { append: true });
  return c.redirect(options.returnTo, 303);
}

/** Ends the session and shows the form again. */
export async function signOut(
  c: Context,
  { fetch, base, csrfToken }: Omit<SignIn, "returnTo"> & { readonly csrfToken: string | null },
): Promise<Response> {
  const { api, setCookies } = openApi(c, fetch, csrfToken);
  try {
    await api.change("/api/sessions/current", { method: "DELETE", idempotencyKey: null });
  } catch (error) {
    // It was over already.
    if (!(error instanceof ApiRefusal && error.status === 401)) throw error;
  }
  for (const cookie of setCookies) c.header("set-cookie", cookie, { append: true });
  return c.redirect(`${base}/sign-in`, 303);
}
