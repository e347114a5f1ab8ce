import type { Context } from "hono";
import { type ApiFetch, ApiRefusal, invalidForm } from "./api.ts";
import { fields, readForm } from "./form.ts";
import type { Done, PageModule, PageView, Refused, ShownInstead } from "./page.ts";
import type { Area, Route } from "./routes.ts";
import { keepTold, type Told, takeTold } from "./told.ts";
import { type OpenVisit, openVisit } from "./visit.ts";

/** The frame around pages, loaded when somebody looks at one. */
export const shell = () => import("./shell.tsx");

/** A request for a page, and who sent it. */
interface Asked {
  readonly c: Context;
  readonly area: Area;
  readonly page: PageModule;
  readonly open: OpenVisit;
}

/** Answers one request for a page. @param sent by a form of the page; null: it is only looked at */
export type AnswerPage = (c: Context, route: Route, sent: URLSearchParams | null) => Promise<Response>;

/** @param base where the console is mounted, without a slash at its end; empty: at the root */
export function createAnswerPage(api: ApiFetch, base: string): AnswerPage {
  const cookiePath = base || "/";

  async function answer(c: Context, { area, load }: Route, sent: URLSearchParams | null): Promise<Response> {
    const { renderError } = await shell();
    let open: OpenVisit | null = null;
    try {
      const csrfToken = sent?.get(fields.csrfToken) ?? null;
      const [{ page }, opened] = await Promise.all([load(), openVisit(c, { fetch: api, base, csrfToken })]);
      open = opened;
      const asked = { c, area, page, open };
      return await (sent === null ? show(asked) : act(asked, sent));
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 401) return toSignIn(c, sent !== null);
      if (!(error instanceof ApiRefusal)) logFault(c, error);
      const isUnknown = !(error instanceof ApiRefusal) || error.status >= 500;
      return renderError(c, { base, area, visit: open, error, sent: isUnknown ? sent : null });
    }
  }

  /** @param status of the answer; left out: the page's own */
  async function show(asked: Asked, status?: number): Promise<Response> {
    const { c, page, open } = asked;
    const view = await page.show(open.visit);
    if ("goTo" in view) return goTo(asked, view.goTo);
    const told = takeTold(c, cookiePath);
    return render(asked, status === undefined ? view : { ...view, status }, told);
  }

  async function act(asked: Asked, sent: URLSearchParams): Promise<Response> {
    const { c, page, open } = asked;
    const form = readForm(sent);
    const action = form.text(fields.action);
    const run = Object.hasOwn(page.actions ?? {}, action) ? page.actions?.[action] : undefined;
    let done: Done | ShownInstead;
    try {
      if (run === undefined) throw invalidForm(unknownAction(action));
      done = await run(open.visit, form);
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status === 401) throw error;
      return await showRefused(asked, { action, form }, error);
    }
    if ("shown" in done) return render(asked, done.shown, null);
    keepTold(c, cookiePath, { text: done.told, requestId: done.requestId });
    return goTo(asked, done.goTo);
  }

  /** The page again, with why the change was refused and what was typed. */
  async function showRefused(
    asked: Asked,
    sent: Pick<Refused, "action" | "form">,
    error: ApiRefusal,
  ): Promise<Response> {
    const { message, details, requestId, status } = error;
    const refused = { ...sent, message, details, requestId, isUnknown: status >= 500 };
    const open = { ...asked.open, visit: { ...asked.open.visit, refused } };
    try {
      return await show({ ...asked, open }, status);
    } catch (another) {
      // What it is about cannot be shown either; why the change was refused is what counts.
      throw another instanceof ApiRefusal ? error : another;
    }
  }

  async function render({ c, area, open }: Asked, view: PageView, told: Told | null): Promise<Response> {
    const { renderPage } = await shell();
    return renderPage(c, { base, area, opened: open, view, told });
  }

  /** @param wasSent a form was sent, and nothing was done: whoever signs in must know it */
  function toSignIn(c: Context, wasSent: boolean): Response {
    const { pathname, search } = new URL(c.req.url);
    // Also from a form: the page that it stands on has the same path.
    const query = `return_to=${encodeURIComponent(pathname + search)}${wasSent ? "&unsent=1" : ""}`;
    return c.redirect(`${base}/sign-in?${query}`, 303);
  }

  return answer;
}

function goTo({ c, open }: Asked, path: string): Response {
  open.addCookies(c);
  return c.redirect(path, 303);
}

function unknownAction(name: string): string {
  return `This page has no form "${name.slice(0, 50)}". Load it again.`;
}

/** The API has logged what it refused; this is a fault of a page itself. */
export function logFault(c: Context, error: unknown): void {
  const { pathname } = new URL(c.req.url);
  const stack = error instanceof Error ? error.stack : undefined;
  globalThis.console.error(
    JSON.stringify({ level: "error", message: `The page ${pathname} failed.`, error: String(error), stack }),
  );
}
