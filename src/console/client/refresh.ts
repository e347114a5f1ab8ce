import { addCopyButtons } from "./copy.ts";
import { localeOfPage } from "./zone.ts";

/**
 * Keeps parts of a page up to date, such as the progress of a redrive. An element with an id and `data-refresh` (seconds)
 * is replaced by its successor from a freshly loaded page, until that one has no `data-refresh`. It is left alone while
 * somebody types in it or marks a text of it, and in a hidden tab. When a load fails, the page says so, or it would look
 * as if all were well.
 */
export function keepFresh(): void {
  const parts = () => [...document.querySelectorAll<HTMLElement>("[id][data-refresh]")];
  const schedule = () => {
    const seconds = parts().map(({ dataset }) => Number(dataset.refresh) || 5);
    if (seconds.length > 0) setTimeout(() => void renew(), Math.min(...seconds) * 1_000);
  };
  let renewedAt = new Date();
  const renew = async () => {
    if (!document.hidden) {
      const fresh = await load();
      if (typeof fresh !== "string") renewedAt = new Date();
      tellStale(typeof fresh === "string" ? fresh : null, renewedAt);
      for (const part of typeof fresh === "string" ? [] : parts()) {
        const next = typeof fresh === "string" ? null : fresh.getElementById(part.id);
        if (next == null || isInUse(part) || next.outerHTML === part.outerHTML) continue;
        keepPlace(part, document.adoptNode(next));
        addCopyButtons(next);
      }
    }
    schedule();
  };
  schedule();
}

function isInUse(part: HTMLElement): boolean {
  const marked = getSelection();
  return (
    part.contains(document.activeElement) ||
    (marked?.isCollapsed === false && marked.containsNode(part, true))
  );
}

/** Tables that were scrolled sideways stay so. */
function keepPlace(part: HTMLElement, next: HTMLElement): void {
  const scrolled = [...part.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
  part.replaceWith(next);
  for (const [place, table] of next.querySelectorAll(".scroll").entries())
    table.scrollLeft = scrolled[place] ?? 0;
}

/** Why there is nothing newer. */
type Stale = "away" | "signedOut";

/** Says it once, with the time of what is shown; null: it is up to date. */
function tellStale(stale: Stale | null, renewedAt: Date): void {
  const place = document.getElementById("stale");
  if (place === null) return;
  const since = renewedAt.toLocaleTimeString(localeOfPage());
  const text = stale === null ? "" : `${place.dataset[stale] ?? ""} ${since}.`;
  if (place.textContent !== text) place.textContent = text;
  place.hidden = stale === null;
}

/** A server that took the request and says nothing is away, too. */
const patienceMs = 20_000;

/** Not the page: it could not be loaded, which the next turn may. */
async function load(): Promise<Document | Stale> {
  const patience = new AbortController();
  const limit = setTimeout(() => patience.abort(), patienceMs);
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal: patience.signal });
    // Who is not signed in is led to the form; no page leads to another one by itself.
    if (answer.redirected) return "signedOut";
    if (!answer.ok) return "away";
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return "away";
  } finally {
    clearTimeout(limit);
  }
}
