import { expect, test } from "vitest";
import { compareWithSchema } from "./compare-schema.ts";

const schema = {
  type: "object",
  additionalProperties: false,
  required: ["course_id", "price", "language"],
  properties: {
    course_id: { type: "string", description: "Which course." },
    price: {
      anyOf: [
        {
          type: "object",
          additionalProperties: false,
          required: ["amount"],
          properties: { amount: { type: "integer" } },
        },
        { type: "null" },
      ],
    },
    language: { type: "string", enum: ["de", "en"] },
    tags: { type: "array", items: { type: "string" } },
    extra: { type: "object", additionalProperties: {} },
    note: { type: "string" },
  },
};
const states = (payload: unknown) =>
  Object.fromEntries(compareWithSchema(schema, payload).map(({ path, state }) => [path, state]));

test("each field is told with what it is to the schema", () => {
  expect(
    states({
      course_id: 1,
      price: { amount: 1.5, tax: 2 },
      language: "fr",
      tags: ["a", 2],
      extra: { any: 1 },
      typo: true,
    }),
  ).toEqual({
    course_id: "otherType",
    price: "fits",
    "price.amount": "otherType",
    "price.tax": "unknown",
    language: "notAllowed",
    tags: "fits",
    "tags[0]": "fits",
    "tags[1]": "otherType",
    extra: "fits",
    note: "absent",
    typo: "unknown",
  });
  expect(states({ price: "12" })).toMatchObject({
    course_id: "missing",
    price: "otherType",
    language: "missing",
  });
});

test("control: what fits has no difference, and says what it means", () => {
  const fields = compareWithSchema(schema, { course_id: "c", price: null, language: "de" });
  expect(fields.filter(({ state }) => state !== "fits" && state !== "absent")).toEqual([]);
  expect(fields[0]).toEqual({
    path: "course_id",
    state: "fits",
    expected: "string",
    found: "string",
    meaning: "Which course.",
  });
  expect(fields.find(({ path }) => path === "price")?.expected).toBe("object | null");
});

test("forms of objects are told apart by their fixed values, and a large payload is bounded", () => {
  const forms = {
    oneOf: [
      {
        type: "object",
        required: ["kind", "a"],
        properties: { kind: { const: "a" }, a: { type: "string" } },
      },
      {
        type: "object",
        required: ["kind", "b"],
        properties: { kind: { const: "b" }, b: { type: "string" } },
      },
    ],
  };
  expect(compareWithSchema(forms, { kind: "b" }).map(({ path, state }) => [path, state])).toEqual([
    ["kind", "fits"],
    ["b", "missing"],
  ]);
  const large = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`m${index}`, 1]));
  expect(compareWithSchema({ type: "object", additionalProperties: false }, large)).toHaveLength(300);
});
