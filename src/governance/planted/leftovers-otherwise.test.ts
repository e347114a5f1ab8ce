/** What a migration leaves behind, in other words and forms; and comments that only look so. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

test("code in comments, marks of what is to go, and imports that nothing uses", () => {
  const { found, expected } = judge(
    "L-1 L-2 L-3",
    `
import old = require("./old.ts"); //! L-3
import used = require("./old.ts");
export const steps = {
  // legacy: sendByHand(order), //! L-1
  // later: async () => { await sendByHand(order); }, //! L-1
  // shelf: the one that has room,
  // note: "a text", as it is told,
  now: used(bookShelved),
};
// Shelves, books and readers (all of them),
// e.g. shelve(book),
// TODO: kill this when events are on //! L-2
// FIXME temporary, until consumers are moved //! L-2
// HACK: rip out with the next release //! L-2
// TODO: retire the second writer //! L-2
// TODO: phase out the queue //! L-2
// TODO: kill the child process when the parent ends
// TODO: a temporary table would be faster
`,
  );
  expect(found).toEqual(expected);
});
