/** The names that an event had before, of which what authors wrote is kept under the new one. */
export function olderNames(type: string, readAliases: ReadonlyMap<string, string>): readonly string[] {
  return [...readAliases].flatMap(([older, now]) => (now === type ? [older] : []));
}
