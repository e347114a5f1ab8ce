import { parsePayload } from "@brain/schemas";
import { expect, test } from "vitest";
import released from "../fixtures/released.json" with { type: "json" };
import { catalog } from "../src/product.ts";

/* A payload of each version of each event that was ever released: it stays readable for ever. */

test("every event has a released payload of its version, which its definition takes", () => {
  const payloads: Readonly<Record<string, unknown>> = released;
  for (const definition of catalog.all) {
    const name = `${definition.type}@${definition.version}`;
    expect(Object.keys(payloads)).toContain(name);
    expect(parsePayload(definition, payloads[name])).toEqual(payloads[name]);
  }
});
