/** A word of a name as the charter wants it, where it looks like a plural. */
export const singular = (word: string): string =>
  /(?:ics|ss|us|is|news|series)$/.test(word) ? word : word.replace(/ies$/, "y").replace(/s$/, "");
