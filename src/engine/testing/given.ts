import { differences, show } from "./differences.ts";

/** What a decision made of the state. */
export interface Decided<Result> {
  /**
   * Compares it by what it holds; matchers such as `expect.any(String)` work.
   *
   * @throws {Error} with each difference
   */
  thenGives(expected: Result): void;
  /** The same, and objects may hold more than is expected of them. */
  thenIncludes(expected: unknown): void;
  /**
   * @param expected class of the error, a pattern of its message, or the message itself; left out: any
   * @throws {Error} it decided something, or threw something else
   */
  thenThrows(expected?: (new (...args: never[]) => Error) | RegExp | string): void;
}

export interface Given<State> {
  /** Decides by the state; must be pure. */
  when<Result>(decide: (state: State) => Result): Decided<Result>;
}

/**
 * Given a state, when this is decided, then that comes of it:
 *
 * ```ts
 * given(openOrder).when((order) => cancel(order, now)).thenGives({ ...openOrder, status: "cancelled" });
 * given(openOrder).when((order) => ship(order)).thenThrows(ConflictError);
 * ```
 *
 * The last step is not called `then`, because JavaScript takes what has a `then` for a promise.
 */
export function given<State>(state: State): Given<State> {
  return { when: (decide) => decided(() => decide(state)) };
}

/**
 * The same with a state that is made of events.
 *
 * @param evolve the state behind an event
 * @param initial the state before all events
 */
export function givenEvents<State, Event>(
  evolve: (state: State, event: Event) => State,
  initial: State,
  events: readonly Event[],
): Given<State> {
  return given(events.reduce(evolve, initial));
}

function decided<Result>(run: () => Result): Decided<Result> {
  const compare = (expected: unknown, mode: "whole" | "part") => {
    const result = run();
    const found = differences(result, expected, { mode });
    if (found.length > 0)
      throw new Error(`The decision differs:\n  ${found.join("\n  ")}\nIt was ${show(result)}`);
  };
  return {
    thenGives: (expected) => compare(expected, "whole"),
    thenIncludes: (expected) => compare(expected, "part"),
    thenThrows(expected) {
      let result: Result;
      try {
        result = run();
      } catch (error) {
        if (expected === undefined || isExpected(error, expected)) return;
        throw new Error(`Expected ${nameOf(expected)} to be thrown, got ${show(error)}`, { cause: error });
      }
      throw new Error(`Expected ${nameOf(expected)} to be thrown; it gave ${show(result)}`);
    },
  };
}

type ExpectedError = (new (...args: never[]) => Error) | RegExp | string;

/** Whether an error is the one that a test expects: by class, by a pattern of its message, or by the message. */
export function isExpected(error: unknown, expected: ExpectedError): boolean {
  if (typeof expected === "function") return error instanceof expected;
  const message = error instanceof Error ? error.message : String(error);
  return typeof expected === "string" ? message === expected : expected.test(message);
}

export function nameOf(expected: ExpectedError | undefined): string {
  if (expected === undefined) return "something";
  return typeof expected === "function" ? expected.name : String(expected);
}
