/** The door for tests of products that use the engine. Importing it starts nothing; it works with any test runner. */

export { createTestClock, type TestClock } from "./testing/clock.ts";
export { type Decided, type Given, given, givenEvents } from "./testing/given.ts";
export {
  type HandlerOutcome,
  type NextStep,
  NoTransactionError,
  type RunHandlerOptions,
  runHandler,
} from "./testing/run-handler.ts";
