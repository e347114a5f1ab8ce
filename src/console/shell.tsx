import type { Context } from "hono";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ApiRefusal } from "./api.ts";
import { scriptName, styleName } from "./assets.ts";
import { fields } from "./form.ts";
import type { PageView, Visit } from "./page.ts";
import { type Preferences, readPreferences, shortcutChoices, themes } from "./preferences.ts";
import { type Area, areas } from "./routes.ts";
import { Details, RefusedMessage, Stale, ToldMessage } from "./shell-messages.tsx";
import type { Told } from "./told.ts";
import type { OpenVisit } from "./visit.ts";
import { shellWords } from "./words/shell.ts";
import { languages } from "./words.ts";

interface Frame {
  readonly base: string;
  readonly preferences: Preferences;
  readonly title: string;
  /** The parts around the content; null: nobody is signed in. */
  readonly around: Child | null;
  readonly main: Child;
}

/** A whole document. */
export async function renderDocument({ base, preferences, title, around, main }: Frame): Promise<string> {
  const w = shellWords[preferences.language];
  const document = (
    <html lang={preferences.language} data-theme={preferences.theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ${w.product}`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={`${base}/assets/${styleName}`} />
        <script type="module" src={`${base}/assets/${scriptName}`} />
      </head>
      <body
        data-zone={preferences.zone}
        data-base={base}
        data-shortcuts={preferences.shortcuts === "off" ? "off" : undefined}
      >
        <a class="skip" href="#content">
          {w.skip}
        </a>
        {around}
        <main id="content" tabindex={-1}>
          {main}
        </main>
      </body>
    </html>
  );
  return `<!DOCTYPE html>${await document.toString()}`;
}

interface Page {
  readonly base: string;
  readonly area: Area;
  readonly opened: OpenVisit;
  readonly view: PageView;
  readonly told: Told | null;
}

/** Answers with a page, between menu and messages. */
export async function renderPage(c: Context, { base, area, opened, view, told }: Page): Promise<Response> {
  const { visit } = opened;
  const main = (
    <>
      <Trail trail={view.trail} />
      {told === null ? null : <ToldMessage visit={visit} told={told} />}
      {visit.refused === null ? null : <RefusedMessage visit={visit} />}
      <Stale visit={visit} />
      {view.main}
    </>
  );
  const { title } = view;
  const { preferences } = visit;
  const text = await renderDocument({
    base,
    preferences,
    title,
    around: <Around visit={visit} base={base} area={area} path={here(c)} />,
    main,
  });
  opened.addCookies(c);
  return c.html(text, (view.status ?? 200) as ContentfulStatusCode);
}

interface Failure {
  readonly base: string;
  readonly area: Area;
  /** Null: it is not even known who looks. */
  readonly visit: OpenVisit | null;
  readonly error: unknown;
  /** By a form; null: the page was only looked at. */
  readonly sent: URLSearchParams | null;
}

/** Answers with what went wrong, in the words of the API. */
export async function renderError(
  c: Context,
  { base, area, visit, error, sent }: Failure,
): Promise<Response> {
  const preferences = readPreferences(c);
  const w = shellWords[preferences.language];
  const refusal = error instanceof ApiRefusal ? error : null;
  const title = titleOf(refusal, w);
  const main = (
    <>
      <h1>{title}</h1>
      <p>{refusal?.message ?? w.errorOwn}</p>
      {refusal === null ? null : <Details details={refusal.details} />}
      {refusal?.requestId == null ? null : (
        <p class="quiet">
          {w.requestId} <code>{refusal.requestId}</code>
        </p>
      )}
      {sent === null ? null : <SendAgain to={here(c)} sent={sent} w={w} />}
      <p>
        <a href={here(c)}>{sent === null ? w.tryAgain : w.toPage}</a>
      </p>
    </>
  );
  const around =
    visit === null ? null : <Around visit={visit.visit} base={base} area={area} path={here(c)} />;
  const text = await renderDocument({ base, preferences, title, around, main });
  visit?.addCookies(c);
  return c.html(text, (refusal?.status ?? 500) as ContentfulStatusCode);
}

interface SendAgainProps {
  readonly to: string;
  readonly sent: URLSearchParams;
  readonly w: (typeof shellWords)["en"];
}

/** The page of a form cannot be shown, so what was typed is kept here; its idempotency key is the same. */
function SendAgain({ to, sent, w }: SendAgainProps) {
  return (
    <form method="post" action={to}>
      {[...sent].map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <p>{w.kept}</p>
      <button>{w.sendAgain}</button>
    </form>
  );
}

/** Answers for a path on which there is no page; whoever looks may not be signed in. */
export async function renderNoPage(c: Context, base: string): Promise<Response> {
  const preferences = readPreferences(c);
  const w = shellWords[preferences.language];
  const main = (
    <>
      <h1>{w.errorNoPage}</h1>
      <p>
        <code>{c.req.path.slice(0, maxShownPath)}</code>
      </p>
      <p>
        <a href={base || "/"}>{w.toOverview}</a>
      </p>
    </>
  );
  return c.html(await renderDocument({ base, preferences, title: w.errorNoPage, around: null, main }), 404);
}

const maxShownPath = 200;

function titleOf(refusal: ApiRefusal | null, w: (typeof shellWords)["en"]): string {
  if (refusal?.status === 404) return w.errorNotFound;
  if (refusal?.status === 403 && refusal.code !== "other_site") return w.errorForbidden;
  if (refusal?.status === 503 || refusal?.status === 502) return w.errorAway;
  return w.errorOther;
}

function here(c: Context): string {
  const { pathname, search } = new URL(c.req.url);
  return pathname + search;
}

interface AroundProps {
  readonly visit: Visit;
  readonly base: string;
  readonly area: Area;
  readonly path: string;
}

function Around({ visit, base, area, path }: AroundProps) {
  const w = visit.words(shellWords);
  return (
    <header class="shell">
      <a class="brand" href={visit.href("/")}>
        <Brand name={w.product} />
      </a>
      <search class="find">
        <form action={visit.href("/events")}>
          <input
            type="search"
            name="q"
            id="search"
            maxlength={1_000}
            autocomplete="off"
            aria-label={w.search}
            aria-keyshortcuts={visit.preferences.shortcuts === "off" ? undefined : "/"}
            placeholder={w.searchHint}
          />
        </form>
      </search>
      <details class="menu" id="menu">
        <summary>{w.menu}</summary>
        <nav aria-label={w.pages}>
          <ul>
            {areas.map(({ name, path: to, key }) => (
              <li>
                <a href={visit.href(to)} aria-current={name === area ? "page" : undefined} data-go={key}>
                  {w[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Viewer visit={visit} base={base} path={path} />
      </details>
      <KeyHelp visit={visit} base={base} path={path} />
    </header>
  );
}

function Viewer({ visit, base, path }: Omit<AroundProps, "area">) {
  const w = visit.words(shellWords);
  const { caller, preferences } = visit;
  return (
    <section class="viewer" aria-label={w.signedInAs}>
      <p>
        <span class="quiet">{w.signedInAs}</span> <b>{caller.name}</b>
        <br />
        <span class="quiet">
          {caller.tenant_id ?? w.allTenants} · {w.timesIn(preferences.zone)}
        </span>
      </p>
      <form method="post" action={`${base}/preferences`} class="choices" id="choices">
        <input type="hidden" name="return_to" value={path} />
        <label>
          {w.language}
          <select name="language" data-submit>
            {languages.map((one) => (
              <option value={one} selected={one === preferences.language}>
                {one === "de" ? "Deutsch" : "English"}
              </option>
            ))}
          </select>
        </label>
        <label>
          {w.theme}
          <select name="theme" data-submit>
            {themes.map((one) => (
              <option value={one} selected={one === preferences.theme}>
                {w[one]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {w.shortcuts}
          <select name="shortcuts" data-submit>
            {shortcutChoices.map((one) => (
              <option value={one} selected={one === preferences.shortcuts}>
                {w[one]}
              </option>
            ))}
          </select>
        </label>
      </form>
      {visit.csrfToken === null ? null : (
        <form method="post" action={`${base}/sign-out`} id="sign-out">
          <input type="hidden" name={fields.csrfToken} value={visit.csrfToken} />
        </form>
      )}
      <div class="buttons">
        <button class="plain" form="choices">
          {w.apply}
        </button>
        <button type="button" class="plain" data-keys hidden>
          {w.keys}
        </button>
        {visit.csrfToken === null ? null : (
          <button class="plain" form="sign-out">
            {w.signOut}
          </button>
        )}
      </div>
    </section>
  );
}

/** What the keys do, and the switch for them; opened by "?" and, where that is off, by a button of the menu. */
function KeyHelp({ visit, base, path }: Omit<AroundProps, "area">) {
  const w = visit.words(shellWords);
  const isOff = visit.preferences.shortcuts === "off";
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      {/* The focus begins here: at the button below, a low window would open at its end. */}
      <h2 id="keys-title" tabindex={-1} autofocus>
        {w.keys}
      </h2>
      <dl class="facts">
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>{w.keySearch}</dd>
        {areas.map(({ name, key }) => (
          <>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{w.keyGo(w[name])}</dd>
          </>
        ))}
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>{w.keyHelp}</dd>
      </dl>
      <p>{isOff ? w.shortcutsOff : w.shortcutsOn}</p>
      <div class="buttons">
        <form method="dialog">
          <button>{w.close}</button>
        </form>
        <form method="post" action={`${base}/preferences`}>
          <input type="hidden" name="return_to" value={path} />
          <input type="hidden" name="shortcuts" value={isOff ? "on" : "off"} />
          <button class="plain">{isOff ? w.switchOn : w.switchOff}</button>
        </form>
      </div>
    </dialog>
  );
}

function Trail({ trail }: { readonly trail: PageView["trail"] | undefined }) {
  if (trail === undefined) return null;
  return (
    <p class="trail">
      {trail.map(({ href, text }) => (
        <a href={href}>{text}</a>
      ))}
    </p>
  );
}

/** The mark of the product with its name. */
export function Brand({ name }: { readonly name: string }) {
  return (
    <>
      {mark}
      <span>{name}</span>
    </>
  );
}

/** Three strands that become one: the mark of the product. */
const mark = raw(
  '<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" d="M3 5c7 0 6 7 12 7M3 19c7 0 6-7 12-7M3 12h18"/></svg>',
);
