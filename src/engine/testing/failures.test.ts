import { describe, expect, test } from "vitest";
import { PermanentError } from "../core/errors.ts";
import { checkFailures, type ExpectedFailure } from "./failures.ts";

const failed = {
  subscriber: "shop",
  eventType: "shop.order.placed",
  eventId: null,
  streamMessageId: "1-0",
  attempt: 1,
  error: new PermanentError("Postgres refused the statement (SQLSTATE 22P02)."),
  next: { action: "dead-letter", reason: "permanent_error" },
} as const;

function told(expected: readonly ExpectedFailure[]): string {
  try {
    checkFailures([failed], expected, 0);
    return "";
  } catch (error) {
    return String(error);
  }
}

describe("a failure that the test did not expect", () => {
  test("is told with what it does expect, and in what this one differs", () => {
    const text = told([
      { subscriber: "mailer", type: "mail.letter.sent" },
      { subscriber: "shop", next: "dead-letter", error: /uuid/ },
    ]);
    expect(text).toContain(
      'The test expects {"subscriber":"shop","next":"dead-letter"} with /uuid/; this differs in error, whose message is "Postgres refused the statement (SQLSTATE 22P02).".',
    );
    expect(text).not.toContain("mailer");
    expect(told([{ subscriber: "mailer", attempt: 1 }])).toContain("this differs in subscriber.");
  });

  test("is told without, where it expects none", () => {
    expect(told([])).toMatch(/^UnexpectedOutcomeError: A delivery failed/);
    expect(told([])).not.toContain("The test expects");
  });

  test("control: what it expects is no fault", () => {
    expect(told([{ subscriber: "shop", error: /22P02/ }, { type: "shop.order.placed" }])).toBe("");
  });
});
