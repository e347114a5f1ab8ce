/** What an assertion behind a second delivery has to be for the test to show that there is one effect. */

import { expect, test } from "vitest";
import { judge } from "../../fixtures/judge-forms.ts";

const service = `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, () => 1)] });`;

/** What T-3 finds with a test that ends with these lines. */
const lacksTest = (lines: string) =>
  judge("T-3", service, {
    "test/shelf.test.ts": `import { own } from "../src/shelf/service.ts";
const count = async () => (await engine.rows("SELECT 1 FROM shelf_books")).length;
const seen = async (number: number) => expect(await count()).toBe(number);
test("once", async () => {
  await engine.drain("shelf");
  await engine.redeliver();
  await engine.drain("shelf");
  const rows = await engine.rows("SELECT id FROM shelf_books");
  ${lines}
});`,
  }).found.length > 0;

test.each([
  "expect(rows).toBeDefined();",
  "expect(rows).not.toBeUndefined();",
  "expect(rows.length >= 0).toBe(true);",
  "expect(rows.length).toBeGreaterThanOrEqual(0);",
  "expect(rows.length).toBeGreaterThan(-1);",
  "expect(rows).toBe(rows);",
  "expect(rows.length).toEqual(rows.length);",
  "expect(rows.length === 1 || true).toBeTruthy();",
  "expect(rows).toEqual(expect.anything());",
  "expect(await count()).toEqual(expect.any(Number));",
  "expect(typeof rows).toBe('object');",
  "expect(rows).toMatchObject({});",
  "expect(() => count()).not.toThrow();",
  "expect(rows);",
  "assert(true);",
  "assert.equal(1, 1);",
  "assert.ok(rows.length >= 0);",
  "await engine.settle().catch((error) => { expect(error).toBe(rows); });",
  "await engine.settle().then(() => 1, (error) => expect(error).toBe(rows));",
  "[].forEach((row) => expect(row).toBe(1));",
  "const none: string[] = []; for (const one of none) expect(rows).toContain(one);",
  "rows.forEach(async (row) => { expect(await row.count()).toBe(1); });",
  "rows.map(async (row) => expect(await row.count()).toBe(1));",
  "expect(count()).resolves.toBe(1);",
  "count().then((number) => expect(number).toBe(1));",
  "seen(1);",
  "return; expect(rows).toHaveLength(1);",
  "if (false) expect(rows).toHaveLength(1);",
  "if (true) { await count(); } else { expect(rows).toHaveLength(1); }",
  "setTimeout(() => expect(rows).toHaveLength(1), 10);",
  "try { expect(rows).toHaveLength(1); } catch { await count(); }",
  "try { await count(); } catch (error) { expect(error).toBe(rows); }",
  "const later = () => expect(rows).toHaveLength(1);",
  "engine.expectEvent(bookShelved, { book_id: 1 });",
])("nothing is shown by %s", (lines) => {
  expect(lacksTest(lines)).toBe(true);
});

test.each([
  "expect(rows).toHaveLength(1);",
  "expect(rows.length === 1).toBe(true);",
  "expect(rows.length).toBeLessThanOrEqual(1);",
  "expect(rows.length).toBeGreaterThanOrEqual(1);",
  "expect(rows).toEqual([{ id: expect.any(String) }]);",
  "expect(await count()).toBe(await count());",
  "const [row] = rows; expect(row).toBeDefined();",
  "expect(rows.find(({ id }) => id === 1)).toBeDefined();",
  "expect(rows).toBeDefined(); expect(rows).toHaveLength(1);",
  "const before = rows.length; expect(await count()).toBe(before);",
  "await expect(count()).resolves.toBe(1);",
  "await count().then((number) => expect(number).toBe(1));",
  "return count().then((number) => expect(number).toBe(1));",
  "await seen(1);",
  "await Promise.all(rows.map(async (row) => expect(await row.count()).toBe(1)));",
  "for (const row of rows) expect(row.id).toBe(1);",
  "rows.forEach((row) => expect(row.id).toBe(1));",
  "const own: string[] = []; own.push(...rows); for (const one of own) expect(one).toBe(1);",
  "await vi.waitFor(async () => expect(await count()).toBe(1));",
  "await expect.poll(() => count()).toBe(1);",
  "if (rows.length > 0) expect(rows).toHaveLength(1);",
  "await new Promise((done) => setTimeout(() => { expect(rows).toHaveLength(1); done(1); }, 1));",
  "try { expect(rows).toHaveLength(1); } finally { await engine.close(); }",
  "try { expect(rows).toHaveLength(1); } catch (error) { throw new Error('no', { cause: error }); }",
  "try { await count(); expect.fail('no'); } catch (error) { expect(error).toBe(rows); }",
  "expect.assertions(1); await count().catch((error) => expect(error).toBe(rows));",
  "const later = () => expect(rows).toHaveLength(1); later();",
  "assert.equal(rows.length, 1);",
  "assertOne(rows);",
  "await engine.expectEvent(bookShelved, { book_id: 1 });",
])("the effect is shown by %s", (lines) => {
  expect(lacksTest(lines)).toBe(false);
});
