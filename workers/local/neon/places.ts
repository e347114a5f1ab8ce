/** Who may use a connection of SQL over HTTP, and who waits for one. */

import { RefusedSqlError } from "./database.ts";

export const cancelled = () =>
  new RefusedSqlError(400, { message: "Query cancelled, connection was terminated", code: "08P01" });

/** Whether the client of a request has gone away; an AbortController costs several times as much. */
export class Leaving {
  #left = false;
  /** Called once, when it goes. */
  onLeave: (() => void) | null = null;

  get left(): boolean {
    return this.#left;
  }

  leave(): void {
    this.#left = true;
    this.onLeave?.();
    this.onLeave = null;
  }
}

interface Line {
  taken: number;
  /** In the order in which they came. */
  readonly waiting: Set<() => void>;
}

/**
 * Places for so many requests to one database at a time. The pool of pg has a line of its own, whose time limit is that
 * of opening a connection; here one may wait as long as others are at work.
 */
export class Places {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #lines = new Map<string, Line>();

  constructor(limit: number, maxWaiting: number) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  /** A place, to be given back by `free`. @throws RefusedSqlError when too many wait, or the client leaves the line */
  async take(database: string, leaving: Leaving): Promise<void> {
    const line = this.#lines.get(database) ?? { taken: 0, waiting: new Set() };
    this.#lines.set(database, line);
    if (line.taken < this.#limit) {
      line.taken += 1;
      return;
    }
    if (line.waiting.size >= this.#maxWaiting) {
      throw new RefusedSqlError(503, {
        message: `too many requests to database "${database}": the gateway takes ${this.#limit} at once and ${this.#maxWaiting} waiting for their turn`,
      });
    }
    await new Promise<void>((resolve, reject) => {
      const onTurn = () => {
        leaving.onLeave = null;
        resolve();
      };
      line.waiting.add(onTurn);
      leaving.onLeave = () => {
        line.waiting.delete(onTurn);
        reject(cancelled());
      };
    });
  }

  /** Gives a place back, to the one who has waited longest. */
  free(database: string): void {
    const line = this.#lines.get(database);
    if (line === undefined) return;
    const [next] = line.waiting;
    if (next !== undefined) {
      line.waiting.delete(next);
      next();
      return;
    }
    line.taken -= 1;
    if (line.taken === 0) this.#lines.delete(database);
  }
}
