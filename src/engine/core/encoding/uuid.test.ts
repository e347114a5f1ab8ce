import { expect, test } from "vitest";
import { isUuid } from "./uuid.ts";

test.each([
  "4b3403665fe04c0a8a1e2d3c4b5a6978",
  "{4b340366-5fe0-4c0a-8a1e-2d3c4b5a6978}",
  "4b340366-5fe0-4c0a-8a1e-2d3c4b5a6978\n",
  " 4b340366-5fe0-4c0a-8a1e-2d3c4b5a6978",
  "4b340366-5fe0-4c0a-8a1e-2d3c4b5a697g",
  "",
])("%j is no UUID as events have it", (text) => {
  expect(isUuid(text)).toBe(false);
});

test.each([
  "4b340366-5fe0-4c0a-8a1e-2d3c4b5a6978",
  "4B340366-5FE0-4C0A-8A1E-2D3C4B5A6978",
  "019348f2-7f00-7000-8000-000000000000",
])("%s is a UUID, whatever its version and its letters", (text) => {
  expect(isUuid(text)).toBe(true);
});
