import { expect, test } from "vitest";
import { type Document, readDocuments } from "../../tree/documents/documents.ts";
import { documentedEvents, readReadme } from "./module-documents.ts";

const path = "src/modules/rental/README.md";

function documentOf(paragraphs: readonly string[]): Document {
  const text = paragraphs.join("\n\n");
  const files = {
    root: "/",
    workspaces: [],
    paths: new Set([path]),
    files: new Map([[path, { path, text }]]),
  };
  const document = readDocuments(files).get(path);
  if (document === undefined) throw new Error("the document was not read");
  return document;
}

test("a heading names the event, and the consumer behind it where several of a module handle it", () => {
  const document = documentOf([
    "# Module: rental",
    "## Events Consumed",
    "### 1. rental.bike.lent (rental)",
    "### 2. rental.bike.lent (mailer)",
    "### 3. `rental.bike.returned`",
    "### 4. How they are ordered",
    "## Notes",
    "### rental.bike.sold (rental)",
    "",
  ]);
  const found = documentedEvents(document, "consumed");
  expect(found.map(({ type }) => type)).toEqual([
    "rental.bike.lent",
    "rental.bike.lent",
    "rental.bike.returned",
  ]);
});

test.each(["Consumers", "Konsumenten", "Verbraucher"])("**%s:** names who consumes an event", (word) => {
  const document = documentOf(["## Events Published", "### 1. rental.bike.lent", `**${word}:** mailer`]);
  expect(documentedEvents(document, "published").map(({ consumers }) => consumers)).toEqual([["mailer"]]);
});

test.each(["Owner", "Verantwortlich", "Eigentümer", "Eigentuemer"])("**%s:** names the owner", (word) => {
  const document = documentOf(["# Module: rental", `**${word}:** Platform`]);
  expect(readReadme(document).owner).toBe("Platform");
});

test.each(["Dependencies", "Abhängigkeiten", "Abhaengigkeiten"])(
  "what the module depends on stands below ## %s",
  (word) => {
    const document = documentOf(["# Module: rental", `## ${word}`, "PostgreSQL"]);
    expect(readReadme(document).dependencies).toBe("PostgreSQL");
  },
);
