/*
 * A fair semaphore: who takes turns at something that only a few may do at once. Belongs to one invocation: nobody of
 * another one waits here, because what ends an invocation from outside would leave its place taken.
 */

export interface Semaphore {
  /** Resolves when there is room, for everybody in the order in which they came. Each `acquire` needs its `release`. */
  acquire(): Promise<void>;
  release(): void;
  /** How many wait outside. */
  readonly waiting: number;
}

/** @param room how many may be inside; asked again each time, and at least one always gets in */
export function createSemaphore(room: () => number): Semaphore {
  const waiters: (() => void)[] = [];
  let inside = 0;
  const admit = () => {
    while (waiters.length > 0 && inside < Math.max(1, room())) {
      inside += 1;
      waiters.shift()?.();
    }
  };
  return {
    acquire: () =>
      new Promise((resolve) => {
        waiters.push(resolve);
        admit();
      }),
    release() {
      inside -= 1;
      admit();
    },
    get waiting() {
      return waiters.length;
    },
  };
}
