import type { DeliveryFailure } from "../consume/drain/base.ts";
import { show } from "./differences.ts";
import { isExpected, nameOf } from "./given.ts";

/** A failure that a test expects; what is left out may be anything. */
export interface ExpectedFailure {
  readonly subscriber?: string;
  /** Wire name of the event. */
  readonly type?: string;
  /** Class of the error, a pattern of its message, or the message itself. */
  readonly error?: (new (...args: never[]) => Error) | RegExp | string;
  /** The try that fails, from 1. */
  readonly attempt?: number;
  /** What comes next. */
  readonly next?: DeliveryFailure["next"]["action"];
}

/** Consumers failed where the test expected none to, or did not fail where it expected that. */
export class UnexpectedOutcomeError extends Error {
  override readonly name = "UnexpectedOutcomeError";
}

const fits = (failure: DeliveryFailure, expected: ExpectedFailure) =>
  differences(failure, expected).length === 0;

/** The parts of an expectation that this failure is not. */
function differences(failure: DeliveryFailure, expected: ExpectedFailure): readonly string[] {
  const { subscriber, type, error, attempt, next } = expected;
  const isSo = {
    subscriber: subscriber === undefined || failure.subscriber === subscriber,
    type: type === undefined || failure.eventType === type,
    attempt: attempt === undefined || failure.attempt === attempt,
    next: next === undefined || failure.next.action === next,
    error: error === undefined || isExpected(failure.error, error),
  };
  return Object.entries(isSo).flatMap(([part, holds]) => (holds ? [] : [part]));
}

/** What the test expects instead of this failure, and in what it differs; null where it expects nothing. */
function describeNearest(failure: DeliveryFailure, expected: readonly ExpectedFailure[]): string | null {
  const all = expected.map((one) => ({ one, parts: differences(failure, one) }));
  const [nearest] = all.sort((a, b) => a.parts.length - b.parts.length);
  if (nearest === undefined) return null;
  const message = failure.error instanceof Error ? failure.error.message : String(failure.error);
  const compared = nearest.parts.includes("error") ? `, whose message is ${show(message)}` : "";
  return `The test expects ${describeExpected(nearest.one)}; this differs in ${nearest.parts.join(", ")}${compared}.`;
}

/**
 * Compares what failed with what was expected to fail. Each failure has to be expected, and each expectation to be met,
 * once or more often.
 *
 * @param nowMs Unix time, ms; for the time until the next try
 * @throws {UnexpectedOutcomeError} with stacks; `cause` is the first error
 */
export function checkFailures(
  failures: readonly DeliveryFailure[],
  expected: readonly ExpectedFailure[],
  nowMs: number,
): void {
  const unexpected = failures.filter((failure) => !expected.some((one) => fits(failure, one)));
  if (unexpected.length > 0) {
    const cause = unexpected[0]?.error;
    throw new UnexpectedOutcomeError(
      [
        `${unexpected.length === 1 ? "A delivery" : `${unexpected.length} deliveries`} failed, and the test did not expect it. If it should: settle({ expectFailures: [{ subscriber, type, error }] }).`,
        ...unexpected.map((failure) =>
          [describeNearest(failure, expected), describeFailure(failure, nowMs)]
            .filter((part) => part !== null)
            .join("\n"),
        ),
      ].join("\n\n"),
      cause instanceof Error ? { cause } : {},
    );
  }
  const missed = expected.filter((one) => !failures.some((failure) => fits(failure, one)));
  if (missed.length > 0) {
    const seen = failures.length === 0 ? "Nothing failed." : "What failed:";
    throw new UnexpectedOutcomeError(
      [
        `The test expected a failure that did not come: ${missed.map(describeExpected).join("; ")}. ${seen}`,
        ...failures.map((failure) => describeFailure(failure, nowMs)),
      ].join("\n\n"),
    );
  }
}

function describeExpected({ error, ...rest }: ExpectedFailure): string {
  return `${show(rest)}${error === undefined ? "" : ` with ${nameOf(error)}`}`;
}

/** Subscriber, event, try, what comes next, and the stack of the error with those of its causes. */
function describeFailure(failure: DeliveryFailure, nowMs: number): string {
  const { subscriber, eventType, eventId, streamMessageId, attempt, error, next } = failure;
  const then =
    next.action === "retry"
      ? `to be tried again in ${next.dueAtMs - nowMs} ms`
      : `it is a dead letter now (${next.reason})`;
  const what = `${eventType ?? "an entry that cannot be read"}${eventId === null ? "" : ` ${eventId}`}`;
  return `${subscriber}: ${what} (entry ${streamMessageId}), attempt ${attempt}, ${then}\n${stackOf(error)}`;
}

/** Deeper chains of causes do not occur; the bound ends circles. */
const maxCauses = 6;

function stackOf(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; current instanceof Error && depth < maxCauses; depth += 1) {
    parts.push(`${depth === 0 ? "" : "caused by "}${current.stack ?? show(current)}`);
    current = current.cause;
  }
  return parts.length === 0 ? show(error) : parts.join("\n");
}
