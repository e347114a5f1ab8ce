/*
 * Who takes turns at something that only a few may do at once. Belongs to one invocation: nobody of another one waits
 * here, because what ends an invocation from outside would leave its place taken.
 */

export interface Turnstile {
  /** Resolves when there is room, for everybody in the order in which they came. Each `enter` needs its `leave`. */
  enter(): Promise<void>;
  leave(): void;
  /** How many wait outside. */
  readonly waiting: number;
}

/** @param room how many may be inside; asked again each time, and at least one always gets in */
export function createTurnstile(room: () => number): Turnstile {
  const queue: (() => void)[] = [];
  let inside = 0;
  const admit = () => {
    while (queue.length > 0 && inside < Math.max(1, room())) {
      inside += 1;
      queue.shift()?.();
    }
  };
  return {
    enter: () =>
      new Promise((resolve) => {
        queue.push(resolve);
        admit();
      }),
    leave() {
      inside -= 1;
      admit();
    },
    get waiting() {
      return queue.length;
    },
  };
}
