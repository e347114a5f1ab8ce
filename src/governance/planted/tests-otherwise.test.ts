/** Tests in the forms in which people write them: what shows a second delivery counts, and what never runs or cannot fail does not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const once = `await engine.drain("shelf"); await engine.redeliver(); await engine.drain("shelf");`;

const shown: readonly string[] = [
  // for loop over tests
  `for (const n of [1, 2]) test(\`once \${n}\`, async () => { ${once} expect(await count()).toBe(1); });`,
  // helper function
  `async function twice() { ${once} }
test("once", async () => { await twice(); expect(await count()).toBe(1); });`,
  // helper in another file
  `import { twice } from "./twice.ts";
test("once", async () => { await twice("shelf"); expect(await count()).toBe(1); });`,
  // helper object
  `const steps = { async again() { ${once} }, async check() { expect(await count()).toBe(1); } };
test("once", async () => { await steps.again(); await steps.check(); });`,
  // helper class
  `class World { async again() { ${once} } async check() { expect(await count()).toBe(1); } }
test("once", async () => { const world = new World(); await world.again(); await world.check(); });`,
  // alias expect
  `import { expect as want } from "vitest";
test("once", async () => { ${once} want(await count()).toBe(1); });`,
  // named body
  `const body = async () => { ${once} expect(await count()).toBe(1); };
test("once", body);`,
  // function body hoisted
  `async function body() { ${once} expect(await count()).toBe(1); }
it("once", body);`,
  // test alias
  `import { test as check } from "vitest";
check("once", async () => { ${once} expect(await count()).toBe(1); });`,
  // test extend
  `const own2 = test.extend({ engine: async ({}, use) => use(1) });
own2("once", async ({ engine }) => { ${once} expect(await count()).toBe(1); });`,
  // node test
  `import assert from "node:assert/strict";
import { test as nodeTest } from "node:test";
nodeTest("once", async () => { ${once} assert.equal(await count(), 1); });`,
  // node assert named
  `import { equal } from "node:assert/strict";
test("once", async () => { ${once} equal(await count(), 1); });`,
  // node t.assert
  `test("once", async (t) => { ${once} t.assert.equal(await count(), 1); });`,
  // bdd deno
  `Deno.test({ name: "once", async fn() { ${once} expect(await count()).toBe(1); } });`,
  // for twice
  `test("once", async () => { for (const _ of [1, 2]) { await engine.drain("shelf"); await engine.redeliver(); } await engine.drain("shelf"); expect(await count()).toBe(1); });`,
  // destructured
  `test("once", async () => { const { drain, redeliver } = engine; await drain("shelf"); await redeliver(); await drain("shelf"); expect(await count()).toBe(1); });`,
  // beforeEach
  `beforeEach(async () => { ${once} });
test("once", async () => { expect(await count()).toBe(1); });`,
];

const notShown: readonly string[] = [
  // skip alias
  `const later = test.skip;
later("once", async () => { ${once} expect(await count()).toBe(1); });`,
  // xit
  `xit("once", async () => { ${once} expect(await count()).toBe(1); });`,
  // describe.skip alias
  `const { skip } = describe;
skip("x", () => { test("once", async () => { ${once} expect(await count()).toBe(1); }); });`,
  // if false
  `if (false) test("once", async () => { ${once} expect(await count()).toBe(1); });`,
  // context.skip
  `test("once", async ({ skip }) => { skip(); ${once} expect(await count()).toBe(1); });`,
  // ctx.skip
  `test("once", async (ctx) => { ctx.skip("later"); ${once} expect(await count()).toBe(1); });`,
  // return early
  `test("once", async () => { ${once} return; expect(await count()).toBe(1); });`,
  // constant
  `const one = 1;
test("once", async () => { ${once} expect(one).toBe(1); });`,
  // caught
  `test("once", async () => { ${once} await expect(count()).resolves.toBe(1).catch(() => {}); });`,
  // allSettled
  `test("once", async () => { ${once} await Promise.allSettled([check()]); });
async function check() { expect(await count()).toBe(1); }`,
  // never called
  `const bodies = { async once() { ${once} expect(await count()).toBe(1); } };
test("x", () => { expect(Object.keys(bodies).length).toBe(1); });`,
  // todo option
  `const options = { todo: true };
test("once", options, async () => { ${once} expect(await count()).toBe(1); });`,
  // not awaited
  `test("once", () => { (async () => { ${once} expect(await count()).toBe(1); })(); });`,
  // setTimeout
  `test("once", () => { setTimeout(async () => { ${once} expect(await count()).toBe(1); }, 1); });`,
  // any matcher
  `test("once", async () => { ${once} expect(await count()).toEqual(expect.anything()); });`,
];

/** Each with a consumer of its own, in one project. */
test("which tests show that a second delivery has no second effect", () => {
  const forms = [...shown, ...notShown];
  const nameOf = (at: number) => `shelf_${at}`;
  const tests = forms.map((lines, at) => [
    `test/${nameOf(at)}.test.ts`,
    `import { describe, expect, it, test } from "vitest";\n${lines.replaceAll('"shelf"', `"${nameOf(at)}"`)}`,
  ]);
  const consumers = forms.map((_, at) => {
    const made = `defineConsumer({ subscriber: "${nameOf(at)}", handlers: [on(bookShelved, () => 1)] });`;
    return `export const own${at} = ${made}${at < shown.length ? "" : " //! T-3"}`;
  });
  const { found, expected } = judge(
    "T-3",
    `import { defineConsumer, on } from "@brain/engine";\n${consumers.join("\n")}`,
    {
      ...Object.fromEntries(tests),
      "test/twice.ts": `export const twice = async (name: string) => { await engine.drain(name); await engine.redeliver(); await engine.drain(name); };`,
    },
  );
  expect(found).toEqual(expected);
});
