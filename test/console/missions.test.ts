import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ConsoleUnderTest,
  createConsoleUnderTest,
  expectAccessible,
  expectFits,
  watchFaults,
  wrongFields,
} from "./console.ts";

let ours: ConsoleUnderTest;
beforeAll(async () => {
  ours = await createConsoleUnderTest();
});
afterAll(() => ours?.close());

const evil = `<img src=x onerror="document.title='evil'">`;

async function send(path: string, body: object) {
  const answer = await ours.engine.request("POST", `/api/missions${path}`, body);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body;
}

const press = async (page: Page, action: string, reason: string) => {
  const form = page.locator(`form:has(input[value="${action}"])`);
  await form.locator("input[name=reason]").fill(reason);
  await form.getByRole("button").click();
};

test.each([
  ["/missions", "/enqueue"],
  ["/missions/templates", "/templates"],
])("an empty %s shows what fills it, and that works as it stands", async (path, route) => {
  const page = await ours.open({ viewport: { width: 390, height: 700 } });
  await page.goto(path);
  const [shown = ""] = await page.locator(".copy code").allTextContents();
  expect(shown).toContain(`curl ${ours.origin}/api/missions${route} `);
  await expectFits(page);
  await expectAccessible(page);
  await send(route, JSON.parse(/-d '(.*)'/.exec(shown)?.[1] ?? "{}"));
  await page.goto(path);
  expect(await page.locator("tbody tr").count()).toBe(1);
  expect(await page.locator(".copy").count()).toBe(0);
});

test("a mission is looked at with its log, and cancelled with a reason", async () => {
  const { id } = await send("", { name: `Write ${evil}`, data: { text: evil }, tenant_id: "acme" });
  const page = await ours.open();
  const faults = watchFaults(page);
  await page.goto("/missions?status=pending");
  await expectAccessible(page);
  await page.getByRole("link", { name: "Write <img" }).click();
  await page.waitForURL(`**/missions/${id}`);
  await expectAccessible(page);
  await press(page, "cancel", "Nobody needs it.");
  await page.getByText("The mission is cancelled.").waitFor();
  expect(await page.locator(".history").innerText()).toContain("Nobody needs it.");
  expect(await page.locator("main form").count()).toBe(0);
  expect((await ours.engine.request("GET", `/api/missions/${id}`)).body.status).toBe("cancelled");
  const done = await ours.engine.sql(
    "SELECT action, reason FROM operator_actions WHERE filter ->> 'mission' = $1",
    [id],
  );
  expect(done).toEqual([{ action: "mission.cancelled", reason: "Nobody needs it." }]);
  expect(await page.title()).not.toBe("evil");
  expect(faults()).toEqual([]);
});

test("missions are made of a template with its variables, without client script", async () => {
  const template = await send("/templates", {
    name: "New edition",
    steps: [{ order: 1, action: "echo", config: { course: "{{course}}", edition: "{{edition}}" } }],
    variables: { course: { type: "string", required: true }, edition: { type: "number", default: 2 } },
    tenant_id: "acme",
  });
  const page = await ours.open({ javaScriptEnabled: false });
  await page.goto("/missions/templates");
  await page.getByRole("link", { name: "New edition" }).click();
  await page.waitForURL(`**/missions/templates/${template.id}`);
  await page.locator("input[name='variable.course']").fill("bicycle");
  await page.locator("input[name='variable.edition']").fill("three");
  await page.getByRole("button", { name: "Make missions" }).click();
  await page.getByText("edition: expected number as JSON.").waitFor();
  expect(await wrongFields(page)).toEqual({ "variable.edition": expect.stringContaining("expected number") });
  expect(await page.locator("input[name='variable.course']").inputValue()).toBe("bicycle");
  await page.locator("input[name='variable.edition']").fill("3");
  await page.getByRole("button", { name: "Make missions" }).click();
  await page.getByText("Missions made: 1.").waitFor();
  const made = await ours.engine.sql("SELECT payload FROM missions WHERE template_id = $1", [template.id]);
  expect(made).toEqual([{ payload: { course: "bicycle", edition: 3 } }]);
});

test("the queue is paused and resumed for all tenants", async () => {
  const page = await ours.open();
  await page.goto("/missions");
  await press(page, "pause", "The printer is away.");
  await page.getByText("The queue is paused.").waitFor();
  await page.getByText("Reason: The printer is away.").waitFor();
  await press(page, "resume", "It is back.");
  await page.getByText("The queue runs again.").waitFor();
  expect(
    await ours.engine.sql(
      "SELECT action, reason FROM operator_actions WHERE action LIKE 'mission_queue.%' ORDER BY id",
    ),
  ).toEqual([
    { action: "mission_queue.paused", reason: "The printer is away." },
    { action: "mission_queue.resumed", reason: "It is back." },
  ]);
});

test("who may only read is offered nothing; a phone, the dark and German are fine", async () => {
  const { id } = await send("", { name: "Nur zum Ansehen", tenant_id: "acme" });
  const key = await ours.engine.request("POST", "/api/keys", {
    name: "a test",
    tenant_id: "acme",
    scopes: ["missions:read"],
  });
  const page = await ours.open({
    key: key.body.key,
    locale: "de-DE",
    colorScheme: "dark",
    viewport: { width: 360, height: 700 },
  });
  await page.goto("/missions");
  expect(await page.locator("h1").textContent()).toBe("Missionen");
  expect(await page.locator("main form[method=post]").count()).toBe(0);
  for (const path of ["/missions", `/missions/${id}`, "/missions/templates"]) {
    await page.goto(path);
    await expectFits(page);
    await expectAccessible(page);
  }
  expect(await page.locator("main form[method=post]").count()).toBe(0);
});
