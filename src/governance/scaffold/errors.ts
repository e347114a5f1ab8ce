/** What was asked for cannot be written. Thrown before the first file is: nothing is half-written. */
export class ScaffoldError extends Error {
  override readonly name = "ScaffoldError";
  readonly received: string;
  readonly expected: string;
  /** What to do, as a sentence. */
  readonly todo: string;

  constructor(received: string, expected: string, todo: string) {
    super(`Received ${received}; expected ${expected}. ${todo}`);
    this.received = received;
    this.expected = expected;
    this.todo = todo;
  }
}
