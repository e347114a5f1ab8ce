import { addCopyButtons } from "./copy.ts";
import { localeOfPage } from "./zone.ts";

/**
 * Parts of a page that change, as the progress of a redrive: an element with an id and `data-refresh`, in seconds, is
 * replaced by itself in a page that is loaded anew, for as long as that one still has `data-refresh`. Not while somebody
 * types in it, and not in a tab that nobody sees. When nothing comes the page says so: it would look as if all were well.
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
        if (next == null || part.contains(document.activeElement) || next.outerHTML === part.outerHTML)
          continue;
        part.replaceWith(document.adoptNode(next));
        addCopyButtons(next);
      }
    }
    schedule();
  };
  schedule();
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

/** Not the page: it could not be loaded, which the next turn may. */
async function load(): Promise<Document | Stale> {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    // Who is not signed in is led to the form; no page leads to another one by itself.
    if (answer.redirected) return "signedOut";
    if (!answer.ok) return "away";
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return "away";
  }
}
