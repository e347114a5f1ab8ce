import { expect, test } from "vitest";
import { root } from "../../../tools/root.ts";
import { readProject } from "../project.ts";
import { idempotencyTests } from "./idempotency-tests.ts";

/* Which tests of a second delivery a change asks for, in this project itself. */

const project = await readProject(root);
const asked = (...changed: readonly string[]) => idempotencyTests(project, changed);
const all = asked("src/engine/consume/apply/apply.ts");

test("a module that changed asks for the tests of its own consumers, and for no others", () => {
  const own = asked("src/modules/tasks/consumer.ts");
  expect(own).toContain("test/modules/tasks/events.test.ts");
  expect(own).not.toContain("test/modules/payment/events.test.ts");
});

test("an event that changed asks for the tests of all who handle it", () => {
  const handling = asked("schemas/events/payment.ts");
  for (const path of ["course_access", "course_factory"])
    expect(handling).toContain(`test/modules/${path}/events.test.ts`);
  expect(handling).not.toContain("test/modules/tasks/events.test.ts");
});

test("what all consumers stand on asks for all, and what none stands on for none", () => {
  for (const path of ["tasks", "payment", "course_access", "analytics"])
    expect(all).toContain(`test/modules/${path}/events.test.ts`);
  expect(asked("README.md", "src/modules/tasks/EVENTS.md")).toEqual([]);
  expect(asked("src/modules/webhooks/send.ts")).toEqual([]);
});

test("a test that changed asks for itself, when it delivers a second time", () => {
  expect(asked("test/modules/tasks/events.test.ts")).toEqual(["test/modules/tasks/events.test.ts"]);
  expect(asked("test/modules/money.test.ts")).toEqual([]);
});
