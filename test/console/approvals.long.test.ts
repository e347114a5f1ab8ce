import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { harmlessStep, planOf } from "../modules/ir_governance/fixtures.ts";
import { createPaymentEngine } from "../modules/payment/stripe-fixture.ts";
import { serve } from "../pages/serve.ts";
import {
  type ConsoleUnderTest,
  createConsoleUnderTest,
  expectAccessible,
  expectFits,
  watchFaults,
} from "./console.ts";

let ours: ConsoleUnderTest;
beforeAll(async () => {
  ours = await createConsoleUnderTest();
});
afterAll(() => ours?.close());

const evil = `<img src=x onerror="document.title='evil'">`;
const zone = (budget_cents: number) => ({
  ...harmlessStep,
  action: "dns.create_zone",
  provider: "dns.hetzner",
  resource: `zone:${evil}`,
  budget_cents,
});

async function waitingPlan(intent: string, budget = 500): Promise<string> {
  const plan = { ...planOf(zone(budget)), intent_summary: intent, labels: { module: "dns" } };
  const answer = await ours.engine.request("POST", "/api/ir/validate", plan);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.ir_hash;
}

async function keyOf(scopes: readonly string[]): Promise<string> {
  const answer = await ours.engine.request("POST", "/api/keys", {
    name: "a test",
    tenant_id: "tenant_a",
    scopes,
  });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.key;
}

const press = async (page: Page, action: string, reason: string) => {
  const form = page.locator(`form:has(input[value=${action}])`);
  await form.locator("input[name=reason]").fill(reason);
  await form.getByRole("button").click();
};
const reads = ["ir_governance:read", "payment:read", "operations:read"];

test("a plan is looked at with its differences, approved with a token that is shown once, seen and withdrawn", async () => {
  const before = await waitingPlan("Make the zone", 100);
  const earlier = { tenant_id: "tenant_a", ir_hash: before };
  expect((await ours.engine.request("POST", "/api/ir/approvals", earlier)).status).toBe(200);
  const hash = await waitingPlan(`Make the zone ${evil}`, 900);
  const page = await ours.open({ key: await keyOf(["approve", ...reads]) });
  const faults = watchFaults(page);
  await page.goto("/approvals");
  await expectAccessible(page);
  await page.getByRole("link", { name: "Make the zone <img" }).click();
  await page.waitForURL(`**/approvals/plans/${hash}`);
  const budget = page.getByRole("row", { name: /budget_cents/ });
  expect(await budget.innerText()).toMatch(/100\s+900/);
  await expectAccessible(page);
  await press(page, "approve", "Looked at it.");
  await page.getByRole("heading", { name: "The plan is approved" }).waitFor();
  const token = (await page.locator(".copy code").first().innerText()).trim();
  expect(token).toMatch(/^[\w-]{43}$/);
  await expectAccessible(page);
  // Not kept: the page that follows does not have it, and no cookie does.
  await page.getByRole("link", { name: "To the approval" }).click();
  expect(await page.content()).not.toContain(token);
  expect(JSON.stringify(await page.context().cookies())).not.toContain(token);
  await press(page, "acknowledge", "Seen.");
  await page.getByText("It is noted that you have seen it.").waitFor();
  await press(page, "withdraw", "Given by mistake.");
  await page.getByText("The approval is withdrawn.").waitFor();
  const used = await ours.engine.request("POST", "/api/ir/approvals/consume", {
    ...earlier,
    ir_hash: hash,
    token,
  });
  expect(used.body).toMatchObject({ success: false, status: "withdrawn" });
  expect(await page.title()).not.toBe("evil");
  expect(faults()).toEqual([]);
});

test("a plan is refused with a reason, without client script, and cannot be approved then", async () => {
  const hash = await waitingPlan("To be refused");
  const page = await ours.open({ javaScriptEnabled: false, key: await keyOf(["approve", ...reads]) });
  await page.goto(`/approvals/plans/${hash}`);
  await press(page, "refuse", "Not this zone.");
  await page.getByText("The plan is refused.").waitFor();
  expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
  await page.goto("/approvals?show=refused");
  await page.getByText("Not this zone.").waitFor();
});

test("who may not approve is offered nothing; a phone, the dark and German are fine", async () => {
  const hash = await waitingPlan("Nur zum Ansehen");
  const page = await ours.open({
    key: await keyOf(reads),
    locale: "de-DE",
    colorScheme: "dark",
    viewport: { width: 360, height: 700 },
  });
  await page.goto("/approvals");
  expect(await page.locator("h1").textContent()).toBe("Freigaben");
  await expectFits(page);
  await expectAccessible(page);
  await page.goto(`/approvals/plans/${hash}`);
  expect(await page.locator("main form").count()).toBe(0);
  await expectFits(page);
  await expectAccessible(page);
});

/** A refund that waits, of a clerk who may approve others, and a second person. */
async function waitingRefund() {
  const own = await createPaymentEngine();
  const server = await serve((request) => own.app.fetch(request));
  onTestFinished(async () => {
    await server.close();
    await own.cleanup();
  });
  const scopes = ["approve", "payment:read", "payment:write", "ir_governance:read", "operations:read"];
  const person = async () =>
    (await own.request("POST", "/api/keys", { name: "a test", tenant_id: "acme", scopes })).body.key;
  const [clerk, boss] = [await person(), await person()];
  const asked = { amount_cents: 50_000, user_id: "payer", tenant_id: "acme" };
  const { body: intent } = await own.request("POST", "/api/paycore/intents", asked);
  await own.atStripe(() => own.stripe.account.pay(intent.provider_intent_id));
  const { body: refund } = await own.request(
    "POST",
    "/api/paycore/refunds",
    { intent_id: intent.intent_id, amount_cents: 40_000, await_approval: true },
    { authorization: `Bearer ${clerk}` },
  );
  const path = `${server.origin}/approvals/refunds/${refund.refund_id}`;
  const lookAs = async (key: string) => {
    const page = await ours.open({ key: null });
    await page.goto(`${server.origin}/sign-in`);
    await page.locator("input[name=key]").fill(key);
    await page.locator("button").first().click();
    await page.waitForURL((url) => !url.pathname.endsWith("/sign-in"));
    await page.goto(path);
    return page;
  };
  const readRefund = async () => (await own.request("GET", `/api/paycore/refunds/${refund.refund_id}`)).body;
  return { clerk, boss, lookAs, readRefund, origin: server.origin };
}

test("a refund is approved by a second person, and not offered to who asked for it", async () => {
  const { clerk, boss, lookAs, readRefund } = await waitingRefund();
  const asking = await lookAs(clerk);
  await asking.getByText("somebody else has to approve it").waitFor();
  expect(await asking.getByRole("button", { name: "Approve" }).count()).toBe(0);
  const second = await lookAs(boss);
  await expectAccessible(second);
  await press(second, "approve", "The course was cancelled.");
  await second.getByText("The refund is approved.").waitFor();
  expect((await readRefund()).status).not.toBe("unapproved");
});

test("a refund is declined with a reason, and is found among those that were", async () => {
  const { boss, lookAs, readRefund, origin } = await waitingRefund();
  const page = await lookAs(boss);
  await press(page, "decline", "The course was held.");
  await page.getByText("The refund is declined.").waitFor();
  expect(await page.locator("main form").count()).toBe(0);
  await expectAccessible(page);
  expect(await readRefund()).toMatchObject({ status: "declined", declined_reason: "The course was held." });
  await page.goto(`${origin}/approvals`);
  await page.getByText("No refund waits.").waitFor();
  await page.goto(`${origin}/approvals?show=declined`);
  await page.getByText("The course was held.").waitFor();
  await expectAccessible(page);
});

test("who asked for a refund can take it back", async () => {
  const { clerk, lookAs, readRefund } = await waitingRefund();
  const page = await lookAs(clerk);
  await press(page, "decline", "Asked for by mistake.");
  await page.getByText("The refund is declined.").waitFor();
  expect((await readRefund()).status).toBe("declined");
});
