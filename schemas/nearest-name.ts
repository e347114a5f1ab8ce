/** What somebody meant who misspelt a name. */

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

const longestName = 100;

/**
 * The first of `names` with the fewest changes from `wanted`, or null when all are too far away. Upper and lower case
 * of `wanted` count: bring it into the form of the names.
 *
 * @param maxChanges letters changed, added or left out; default: a quarter of the name, at least three
 */
export function nearestName<Name extends string>(
  wanted: string,
  names: Iterable<Name>,
  maxChanges = Math.max(3, Math.floor(wanted.length / 4)),
): Name | null {
  if (wanted.length > longestName) return null;
  let best: Name | null = null;
  let bestDistance = maxChanges + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}
