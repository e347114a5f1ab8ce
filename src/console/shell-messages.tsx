/** Messages above a page: what was done, what is out of date, what was refused. */

import type { ApiRefusal } from "./api.ts";
import type { Visit } from "./page.ts";
import { problemId } from "./parts/form.tsx";
import type { Told } from "./told.ts";
import { shellWords } from "./words/shell.ts";

export function ToldMessage({ visit, told }: { readonly visit: Visit; readonly told: Told }) {
  const w = visit.words(shellWords);
  return (
    <div class="message good" role="status">
      <p>{told.text}</p>
      {told.requestId === null || !visit.can("operations:read") ? null : (
        <p>
          <a href={visit.href("/audit", { request_id: told.requestId })}>{w.auditEntry}</a>
        </p>
      )}
    </div>
  );
}

/** Filled by client script where a part of the page renews itself, and cannot. */
export function Stale({ visit }: { readonly visit: Visit }) {
  const w = visit.words(shellWords);
  return (
    <p
      class="message warn"
      id="stale"
      role="status"
      hidden
      data-away={w.staleAway}
      data-signed-out={w.staleSignedOut}
    />
  );
}

export function RefusedMessage({ visit: { refused, words } }: { readonly visit: Visit }) {
  const w = words(shellWords);
  if (refused === null) return null;
  const { message, details } = refused;
  // What a page says of one field is said once.
  const isSaid = details.length === 1 && details[0]?.message === message;
  return (
    <div class="message bad" role="alert">
      <p id={isSaid ? problemId(0) : undefined}>
        <b>{w.notDone}.</b> {message}
      </p>
      <Details details={isSaid ? [] : details} />
      {refused.requestId === null ? null : (
        <p class="quiet">
          {w.requestId} <code>{refused.requestId}</code>
        </p>
      )}
    </div>
  );
}

export function Details({ details }: { readonly details: ApiRefusal["details"] }) {
  if (details.length === 0) return null;
  return (
    <ul>
      {details.map(({ path, message }, index) => (
        <li id={problemId(index)}>
          <code>{path}</code> {message}
        </li>
      ))}
    </ul>
  );
}
