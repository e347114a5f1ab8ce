const yearS = 365 * 86_400;

/** As the server writes numbers and times. */
export function localeOfPage(): string {
  return document.documentElement.lang === "de" ? "de-DE" : "en-GB";
}

/** Times in the viewer's own zone: the server is told it once, and writes them so from the next page on. */
export function useViewersZone(): void {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { dataset } = document.body;
  if (zone === undefined || zone === dataset.zone) return;
  const path = dataset.base || "/";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `brain_zone=${zone}; Path=${path}; Max-Age=${yearS}; SameSite=Lax`;
  const locale = localeOfPage();
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const today = new Date().toDateString();
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-as], [data-as] time")) {
    const at = new Date(element.dateTime);
    const isShort =
      element.closest<HTMLElement>("[data-as]")?.dataset.as === "time" && at.toDateString() === today;
    element.textContent = (isShort ? time : date).format(at);
  }
}
