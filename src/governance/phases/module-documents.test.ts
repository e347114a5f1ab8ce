import { expect, test } from "vitest";
import { readDocuments } from "../tree/documents.ts";
import { documentedEvents } from "./module-documents.ts";

test("a heading names the event, and the consumer behind it where several of a module handle it", () => {
  const text = [
    "# Module: rental",
    "## Events Consumed",
    "### 1. rental.bike.lent (rental)",
    "### 2. rental.bike.lent (mailer)",
    "### 3. `rental.bike.returned`",
    "### 4. How they are ordered",
    "## Notes",
    "### rental.bike.sold (rental)",
    "",
  ].join("\n\n");
  const path = "src/modules/rental/README.md";
  const files = {
    root: "/",
    workspaces: [],
    paths: new Set([path]),
    files: new Map([[path, { path, text }]]),
  };
  const document = readDocuments(files).get(path);
  if (document === undefined) throw new Error("the document was not read");
  const found = documentedEvents(document, "consumed");
  expect(found.map(({ type }) => type)).toEqual([
    "rental.bike.lent",
    "rental.bike.lent",
    "rental.bike.returned",
  ]);
});
