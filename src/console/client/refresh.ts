import { addCopyButtons } from "./copy.ts";

/**
 * Parts of a page that change, as the progress of a redrive: an element with an id and `data-refresh`, in seconds, is
 * replaced by itself in a page that is loaded anew, for as long as that one still has `data-refresh`. Not while somebody
 * types in it, and not in a tab that nobody sees.
 */
export function keepFresh(): void {
  const parts = () => [...document.querySelectorAll<HTMLElement>("[id][data-refresh]")];
  const schedule = () => {
    const seconds = parts().map(({ dataset }) => Number(dataset.refresh) || 5);
    if (seconds.length > 0) setTimeout(() => void renew(), Math.min(...seconds) * 1_000);
  };
  const renew = async () => {
    if (!document.hidden) {
      const fresh = await load();
      for (const part of fresh === null ? [] : parts()) {
        const next = fresh?.getElementById(part.id);
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

/** Null: it could not be loaded, which the next turn may. */
async function load(): Promise<Document | null> {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}
