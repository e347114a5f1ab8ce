/** Rules that only Python has: elsewhere the language or the engine keeps them. */

import type { Rule } from "../rule.ts";

export const pythonRules: readonly Rule[] = [
  {
    id: "11.6",
    title: "A publish that fails does not fail the request",
    severity: "error",
    why: "The change is committed by then; who is told that it failed does it again.",
    mend: "Catch Exception around publish_event, and log it with the event's id and type; the change stands.",
    // In TypeScript the event is a row of the same transaction, and only the relay sends.
    caughtBy: [],
    check: () => undefined,
  },
  {
    id: "PY-1",
    title: "A file of Python can be read",
    severity: "error",
    why: "What cannot be read is judged by no other rule.",
    mend: "Correct the syntax where it is told; a file that is larger than people write belongs elsewhere.",
    caughtBy: [],
    check: () => undefined,
  },
  {
    id: "PY-2",
    title: "A handler in Python says what it is given",
    severity: "error",
    why: "Without the type of its event nobody and no tool can say what a handler reads.",
    mend: "Write `event: Event` into the handler's parameters.",
    caughtBy: [],
    check: () => undefined,
  },
];
