/** What people write beside code that is to go, in either language: a mark, and on the same line the word for it. */
export const removalMark =
  /\b(?:TODO|FIXME|XXX|HACK)\b[^\n]{0,60}\b(?:remov\w*|delet\w*|drop|clean\s?up|legacy|deprecated|get rid|entfernen|löschen?)\b/gi;
