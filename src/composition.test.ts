import { charter, parsePayload } from "@brain/schemas";
import { expect, test } from "vitest";
import released from "../schemas/fixtures/released.json" with { type: "json" };
import { catalog } from "./composition.ts";
import { product } from "./product.ts";

test("the catalogue has the events of the modules, and the charter's of programs outside", () => {
  expect(new Set(catalog.all)).toEqual(new Set([...product.events, ...charter.all]));
  const modules = new Set(product.modules.map(({ name }) => name));
  for (const definition of catalog.all)
    expect(product.events.includes(definition), definition.type).toBe(modules.has(definition.module));
});

test.each(catalog.all.map((definition) => [`${definition.type}@${definition.version}`, definition] as const))(
  "%s has a golden payload, which may be published",
  (name, definition) => {
    const payload: unknown = (released as Record<string, unknown>)[name];
    expect(parsePayload(definition, payload as never)).toEqual(payload);
  },
);
