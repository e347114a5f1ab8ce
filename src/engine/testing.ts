/** The door for tests of products that use the engine. Importing it starts nothing; it works with any test runner. */

export { createTestClock, type TestClock } from "./testing/clock.ts";
export { type ExpectedFailure, UnexpectedOutcomeError } from "./testing/failures.ts";
export { type Decided, type Given, given, givenEvents } from "./testing/given.ts";
export { NoOutsideError } from "./testing/outside.ts";
export type { Published } from "./testing/recorded.ts";
export {
  type Answer,
  type BackgroundContext,
  type Requested,
  type RequestOptions,
  readAnswer,
} from "./testing/request.ts";
export {
  type HandlerOutcome,
  type NextStep,
  NoTransactionError,
  type RunHandlerOptions,
  runHandler,
} from "./testing/run-handler.ts";
export {
  createTestEngine,
  type SettleOptions,
  type TestEngine,
  type TestEngineOptions,
  type TestHooks,
  type TestServices,
  withTestEngine,
} from "./testing/test-engine.ts";
