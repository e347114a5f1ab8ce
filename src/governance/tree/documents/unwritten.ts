/** What stands in a document where nobody has written yet. */

const withoutComments = (text: string) => text.replace(/<!--[\s\S]*?-->/g, "").trim();

/** Nothing, or what stands where an author has yet to write. */
export const isUnwritten = (text: string): boolean =>
  /^(?:\?|TODO|TBD|\.\.\.|…)?$/i.test(withoutComments(text));

/** The same, and a word or a mark for nothing: right where there is none, and no answer to a question. */
export const saysNothing = (text: string): boolean =>
  /^(?:[-–?.…\s]|tbd|todo|n\/a|offen|unbekannt|unknown|none yet|\{[^}]*\}|<[^>]*>)*$/i.test(
    withoutComments(text),
  );
