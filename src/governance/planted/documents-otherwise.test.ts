/** EVENTS.md beside events whose options a function gives, or that are put together. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const section = (at: number, type: string, version: string, criticality: string) => `
### ${at}. ${type}

- **When:** It happened
- **Criticality:** ${criticality}
- **Schema version:** ${version}
- **Consumers:** none
`;

test("version and criticality of such events", () => {
  const { found, expected } = judge("EV-3 EV-5", "", {
    "src/lib/index.ts": `import { defineModule } from "@brain/engine";
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
const make = (version: number) => ({ version, module: "lib", criticality: "INFO", when: "It happened", payload });
const base = { version: 1, module: "lib", when: "It happened", payload };
export const kept = defineEvent("lib.book.kept", make(2));
export const lost = defineEvent("lib.book.lost", Object.assign({}, base, { criticality: "ERROR" }));
export const found = defineEvent("lib.book.found", make(1));
export const lib = defineModule({ name: "lib", events: [kept, lost, found] });`,
    "src/lib/EVENTS.md": `# Events: lib

## Events Published by lib
${section(1, "lib.book.kept", "1 //! EV-5", "INFO")}${section(2, "lib.book.lost", "1", "INFO //! EV-3")}${section(3, "lib.book.found", "1", "INFO")}`,
  });
  expect(found).toEqual(expected);
});
