import type { Child } from "hono/jsx";
import type { Visit } from "../page.ts";
import { shellWords } from "../words/shell.ts";

export type Tone = "good" | "bad" | "warn" | "info" | "quiet";

/** A state in a word; its colour says nothing that the word does not. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children?: Child }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

interface TimeProps {
  readonly visit: Visit;
  /** ISO 8601; null: not known, or not yet. */
  readonly at: string | null;
  /** `ago`: as a distance from now. */
  readonly as?: "time" | "ago" | "dateTime";
}

/** A moment in the viewer's zone, with UTC when it is pointed at. */
export function Time({ visit, at, as = "time" }: TimeProps) {
  if (at === null) return <span class="quiet">–</span>;
  const date = new Date(at);
  return (
    <time datetime={at} title={visit.format.utc(date)} data-as={as === "ago" ? undefined : as}>
      {visit.format[as](date)}
    </time>
  );
}

/** The tenant that something is for. @param id null: it is for all of them, which is said */
export function Tenant({ visit, id }: { readonly visit: Visit; readonly id: string | null }) {
  return <span class={id === null ? "quiet" : undefined}>{id ?? visit.words(shellWords).allTenants}</span>;
}

/** What sends a body to a route of this server. @param body without `'`, which would end it in a shell */
export function curlOf(visit: Visit, path: string, body: object): string {
  return `curl ${visit.origin}${path} \\
  -H "authorization: Bearer $BRAIN_API_KEY" \\
  -H "content-type: application/json" \\
  -d '${JSON.stringify(body)}'`;
}

/** A text to take along, e.g. a command; the button is there with client script. */
export function Copy({ visit, text }: { readonly visit: Visit; readonly text: string }) {
  const w = visit.words(shellWords);
  return (
    <div class="copy">
      <pre tabindex={0}>
        <code>{text}</code>
      </pre>
      <button type="button" class="plain small" hidden data-copy={w.copied}>
        {w.copy}
      </button>
    </div>
  );
}

/** Names and values, one below the other. Values that are null are left out. */
export function Facts({ of }: { readonly of: readonly (readonly [string, Child | null])[] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) =>
        value === null ? null : (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ),
      )}
    </dl>
  );
}

/** Shown where a list is empty: why, and what to do. */
export function Empty({ children }: { readonly children?: Child }) {
  return <div class="empty">{children}</div>;
}
