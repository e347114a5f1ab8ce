/**
 * What people write beside code that is to go, in either language: a mark, and on the same line the word for it. What is
 * deprecated may stay, unless it says that it will go.
 */
export const removalMark =
  /\b(?:TODO|FIXME|XXX|HACK)\b[^\n]{0,60}\b(?:remov\w*|delet\w*|drop|clean\s?up|legacy|deprecated|get rid|kill (?:it|me|this)|retire|rip out|phase out|throw (?:it )?away|temporar(?:y|ily)\b[^\n]{0,30}\b(?:until|till)|ausbauen|entfernen|löschen?)\b|@deprecated\b[^\n]{0,60}\b(?:(?:will|to|shall|must) be (?:removed|deleted|dropped)|(?:remove|delete|drop) (?:it |this )?(?:after|when|once|with|in|by)|(?:until|after) the migration|wird (?:entfernt|gelöscht))\b/gi;
