import { BadRequestError, RequestTimeoutError, TooLargeError } from "@brain/engine";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { receiveWhole } from "../http/kit/request-body.ts";
import { isSameHost } from "../http/kit/same-host.ts";
import { createAnswerPage, logFault, shell } from "./answer-page.ts";
import { type ApiFetch, ApiRefusal } from "./api.ts";
import { fields } from "./form.ts";
import { keepPreferences } from "./preferences.ts";
import { routes } from "./routes.ts";
import { securityHeaders } from "./security.ts";
import { openVisit } from "./visit.ts";

export interface ConsoleOptions {
  /** Answers a request to the HTTP API: in process, or over the network. */
  readonly api: ApiFetch;
  /** Where it is mounted, without a slash at its end. Default: at the root. */
  readonly base?: string;
}

/** Of a form: a payload of 64 KiB, each byte written as `%XX`, and the fields around it. */
const maxFormBytes = 256 * 1_024;

/**
 * The operations console as a Hono app, to be mounted in any other:
 *
 *   app.route("/console", createConsole({ api: (request) => fetch(request), base: "/console" }))
 *
 * Pages read and change by the API alone, as whoever looks at them.
 */
export function createConsole({ api, base = "" }: ConsoleOptions): Hono {
  const app = new Hono({ strict: false });
  const place: ConsolePlace = { fetch: api, base };
  const guards = guardsOf(base);
  answerFailures(app, base);
  addFiles(app, guards, place);
  addSignIn(app, guards, place);

  app.post("/preferences", ...guards, async (c) => {
    const sent = await readFields(c);
    keepPreferences(c, base || "/", sent);
    return c.redirect(ownPath(base, sent.get("return_to")), 303);
  });

  const answer = createAnswerPage(api, base);
  for (const route of routes) {
    app.get(route.path, ...guards, (c) => answer(c, route, null));
    app.post(route.path, ...guards, async (c) => answer(c, route, await readFields(c)));
  }
  return app;
}

/** Where the console finds the API, and where it is mounted. */
interface ConsolePlace {
  readonly fetch: ApiFetch;
  readonly base: string;
}

/** Registered for each of its own paths: where it is mounted at the root, others answer beside it. */
const guardsOf = (base: string) =>
  [
    securityHeaders(),
    csrf({ origin: (origin, c) => isSameHost(origin, c.req.url) }),
    receiveForm(base),
  ] as const;

type Guards = ReturnType<typeof guardsOf>;

/** In place of what `csrf` throws, which is one word. */
const fromElsewhere = () =>
  new ApiRefusal(
    "The form came from another site, or did not say from which (the header Origin), so nothing of it was done. Open the page here and send it from there.",
    { status: 403, code: "other_site" },
  );

/** What is no page, and what fails beside the pages; a page says itself what went wrong. */
function answerFailures(app: Hono, base: string): void {
  app.onError(async (error, c) => {
    const isRefused = error instanceof HTTPException && error.status === 403;
    if (error instanceof HTTPException && !isRefused) return error.getResponse();
    if (!isRefused && !(error instanceof ApiRefusal)) logFault(c, error);
    const { renderError } = await shell();
    const shown = isRefused ? fromElsewhere() : error;
    return renderError(c, { base, area: "overview", visit: null, error: shown, sent: null });
  });

  // Where it is an app of its own; below a path of another one, that one answers.
  app.notFound(async (c) => {
    const { renderNoPage } = await shell();
    await securityHeaders()(c, async () => {
      c.res = await renderNoPage(c, base);
    });
    return c.res;
  });
}

/** What pages load: its own files, and answers of the API as they come, refusals too. */
function addFiles(app: Hono, guards: Guards, place: ConsolePlace): void {
  app.get("/assets/:name", ...guards, async (c) => {
    const { assets } = await import("./assets.ts");
    const name = c.req.param("name");
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (asset === undefined) return c.notFound();
    return c.body(asset.text, 200, {
      "content-type": asset.type,
      // Its name has a hash of what is in it.
      "cache-control": "public, max-age=31536000, immutable",
    });
  });

  const ofApi = async (c: Context, path: string, query?: Readonly<Record<string, string>>) => {
    const { visit } = await openVisit(c, place);
    return visit.api.raw(path, query);
  };
  app.get("/live", ...guards, (c) => ofApi(c, "/api/events/stream", c.req.query()));
  // Below the console's own path, because the API may be reached elsewhere.
  app.get("/documents/asyncapi.json", ...guards, (c) => ofApi(c, "/asyncapi.json"));
  app.get("/documents/schemas/:type/:file", ...guards, (c) => {
    const [type, file] = [c.req.param("type"), c.req.param("file")].map(encodeURIComponent);
    return ofApi(c, `/schemas/${type}/${file}`);
  });
}

function addSignIn(app: Hono, guards: Guards, place: ConsolePlace): void {
  app.get("/sign-in", ...guards, async (c) => {
    const { showSignIn } = await import("./sign-in.tsx");
    const returnTo = ownPath(place.base, c.req.query("return_to"));
    return showSignIn(c, { ...place, returnTo, wasSent: c.req.query("unsent") === "1" });
  });
  app.post("/sign-in", ...guards, async (c) => {
    const { signIn } = await import("./sign-in.tsx");
    const sent = await readFields(c);
    const returnTo = ownPath(place.base, sent.get("return_to"));
    return signIn(c, { ...place, returnTo, key: (sent.get("key") ?? "").trim() });
  });
  app.post("/sign-out", ...guards, async (c) => {
    const { signOut } = await import("./sign-in.tsx");
    const sent = await readFields(c);
    return signOut(c, { ...place, csrfToken: sent.get(fields.csrfToken) });
  });
}

/** Behind who looks at the origin: a form that comes slowly, or has no end, holds a request open. */
function receiveForm(base: string): MiddlewareHandler {
  return async (c, next) => {
    const refusal = c.req.raw.body === null ? null : await refusalOfForm(c);
    if (refusal === null) {
      await next();
      return undefined;
    }
    const { renderError } = await shell();
    return renderError(c, { base, area: "overview", visit: null, error: refusal, sent: null });
  };
}

/** Reads the form, in bounded time and size. @returns null when it is whole */
async function refusalOfForm(c: Context): Promise<ApiRefusal | null> {
  try {
    await receiveWhole(c, maxFormBytes);
    return null;
  } catch (error) {
    if (error instanceof TooLargeError) {
      const message = `The form has more than ${maxFormBytes / 1_024} KiB, so nothing of it was done. Go back, and make it shorter.`;
      return new ApiRefusal(message, { status: 413, code: error.code });
    }
    if (error instanceof RequestTimeoutError) {
      return new ApiRefusal("The form came too slowly, so nothing of it was done. Send it again.", {
        status: 408,
        code: error.code,
      });
    }
    if (!(error instanceof BadRequestError)) throw error;
    return new ApiRefusal("The form broke off, so nothing of it was done. Send it again.", {
      status: 400,
      code: error.code,
    });
  }
}

async function readFields(c: Context): Promise<URLSearchParams> {
  const type = c.req.header("content-type") ?? "";
  return new URLSearchParams(
    type.startsWith("application/x-www-form-urlencoded") ? await c.req.raw.text() : "",
  );
}

const maxReturn = 1_000;

/** Where a form leads back to: a path of this site, and never another site. */
function ownPath(base: string, wanted: string | null | undefined): string {
  const home = base || "/";
  if (wanted == null || wanted.length > maxReturn || !/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted)) return home;
  return wanted;
}
