/*
 * What an isolate remembers of a Redis that was away: events may wait that nobody could tell of. A tick that finds Redis
 * again would otherwise see a system in which nothing happened, and look at Postgres with the next hour.
 */

/** Systems of which a tick found Redis away, or could not end its look, or a relay could not send. */
const isolateMissed = new Set<string>();

export function noteMissed(scope: string): void {
  isolateMissed.add(scope);
}

/** Whether the next tick has to look. What was noted is forgotten. */
export function takeMissed(scope: string): boolean {
  return isolateMissed.delete(scope);
}
