import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ConsoleUnderTest,
  createConsoleUnderTest,
  expectAccessible,
  expectFits,
  watchFaults,
  wrongFields,
} from "./console.ts";

/* The pages about the product itself: catalogue, settings, audit, analytics. */

const planted = "planted-secret-0123456789";
let ours: ConsoleUnderTest;
beforeAll(async () => {
  ours = await createConsoleUnderTest({
    BRAIN_NOTIFY_URL: "https://notify.example/",
    BRAIN_NOTIFY_SECRET: planted,
    // What is revoked is refused at once.
    BRAIN_CREDENTIAL_CACHE_SECONDS: "0",
  });
  const { engine } = ours;
  const health = { component: "<b>relay</b>", status: "ok" };
  const sent = await engine.request("POST", "/api/events", {
    ...{ type: "system.health", source: "<script>alert(1)</script>", tenant_id: "acme", payload: health },
  });
  expect(sent.status, sent.text).toBe(202);
  const course = await engine.request("POST", "/api/course-factory/generate", {
    tenant_id: "acme",
    title: "Keeping bees on a balcony",
    description: "The first year.",
    language: "en",
    target_audiences: ["retirees"],
    full_lessons_count: 1,
    dry_run: false,
  });
  expect(course.status, course.text).toBe(201);
  const fact = {
    payment_id: "pay-1",
    intent_id: "int-1",
    user_id: "user-7",
    tenant_id: "acme",
    course_id: null,
  };
  const paid = await engine.request("POST", "/api/events", {
    type: "payment.transaction.completed",
    source: "shop",
    tenant_id: "acme",
    payload: {
      ...fact,
      ...{ amount_cents: 4_900, currency: "EUR", provider: "paypal", occurred_at: new Date().toISOString() },
    },
  });
  expect(paid.status, paid.text).toBe(202);
  await engine.settle();
  await engine.sql(
    `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_type, reason, error_class, error_message,
       attempts, first_failed_at, last_failed_at, fingerprint)
     VALUES ('long_gone', 's', '1-1', 'system.health', 'permanent', 'Error', 'e', 1, now(), now(), '00000000000000bb')`,
  );
});
afterAll(() => ours?.close());

const paths = [
  "/catalog",
  "/catalog/system.health",
  "/catalog/course.access.granted",
  "/audit",
  "/analytics",
  "/settings",
  "/settings/keys",
  "/settings/sessions",
  "/settings/tenants",
  "/settings/webhooks",
  "/demo",
];

describe("each page", () => {
  test.each(paths)("%s can be read by everybody, on a phone and in the dark, in German", async (path) => {
    const page = await ours.open({
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
      locale: "de-DE",
    });
    const faults = watchFaults(page);
    expect((await page.goto(path))?.status(), path).toBe(200);
    await expectFits(page);
    await expectAccessible(page);
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    expect(faults()).toEqual([]);
  });
});

describe("the catalog", () => {
  test("shows what is declared against what was seen, and what other programs say is text", async () => {
    const page = await ours.open();
    await page.goto("/catalog");
    await expectAccessible(page);
    expect(await page.locator(".message.bad").textContent()).toContain("long_gone: system.health");
    await page.getByRole("link", { name: "system.health", exact: true }).click();
    await page.getByRole("heading", { name: "system.health", level: 1 }).waitFor();
    const row = page.getByRole("row", { name: "<script>alert(1)</script>" });
    expect(await row.textContent()).toContain("not declared");
    expect(await page.locator("main").textContent()).toContain("component");
  });

  test("says of each event how large it is, how often it comes and which fields are never filled", async () => {
    const page = await ours.open();
    await page.goto("/catalog");
    // What may well be right stands behind a click.
    const silent = page.getByText("ethics.review never came from a program outside");
    expect(await silent.isVisible()).toBe(false);
    await page.getByText(/^Good to know: \d+$/).click();
    await silent.waitFor();
    await page.goto("/catalog/system.health");
    const textOf = async (name: RegExp) =>
      (await page.locator("tr").filter({ hasText: name }).allTextContents()).join("\n");
    expect(await textOf(/^details/)).toMatch(/never 0 of \d+ events/);
    expect(await textOf(/^component/)).toMatch(/(\d+) of \1 events/);
    expect(await textOf(/\d B$/)).toMatch(/^1\d+( B\d+|\d+ B)+/);
    await expectAccessible(page);
  });

  test("leads to the documents of the events: AsyncAPI, and the schemas of each", async () => {
    const page = await ours.open();
    await page.goto("/catalog");
    const document = await page.getByRole("link", { name: "AsyncAPI 3.0" }).getAttribute("href");
    const read = (path: string | null) =>
      page.evaluate(async (path) => (await fetch(path)).json(), path ?? "none");
    expect(await read(document)).toMatchObject({ asyncapi: "3.0.0" });
    await page.goto("/catalog/system.health");
    await page.getByText("JSON Schema", { exact: true }).click();
    const names = ["For those who read it", "for those who send it"];
    for (const [at, name] of names.entries()) {
      const href = await page.getByRole("link", { name }).getAttribute("href");
      expect(await read(href)).toMatchObject({
        $id: expect.stringMatching(at === 0 ? /\/1\.json$/ : /\/1\.publish\.json$/),
        title: "system.health, version 1",
      });
    }
  });

  test("on a phone has rows of a few lines, which still say what each number is", async () => {
    const page = await ours.open({ viewport: { width: 390, height: 780 } });
    await page.goto("/catalog");
    const rows = page.locator(".catalog tbody tr");
    const height = await page.locator(".catalog tbody").evaluate((body) => body.clientHeight);
    // 87 events were 155 px each.
    expect(height / (await rows.count())).toBeLessThan(130);
    const labels = await rows
      .first()
      .locator("td")
      .evaluateAll((all) => all.map((one) => one.dataset.label));
    expect(labels).toEqual(["Event", "Module", "Criticality", "Seen", "Last seen", "Consumers"]);
    await expectFits(page);
    await expectAccessible(page);
  });

  test("finds events by words and module, without client script", async () => {
    const page = await ours.open({ javaScriptEnabled: false });
    await page.goto("/catalog?module=payment&q=refund");
    const names = await page.locator("tbody tr td:first-child a").allTextContents();
    expect(names.length).toBeGreaterThan(0);
    expect(names.every((name) => name.startsWith("payment.refund"))).toBe(true);
  });

  test("says an unknown type in the words of the API", async () => {
    const page = await ours.open();
    expect((await page.goto("/catalog/system.helth"))?.status()).toBe(404);
    expect(await page.locator("main").textContent()).toContain("Perhaps system.health is meant.");
  });

  test("says in a table what the picture says", async () => {
    const page = await ours.open();
    await page.goto("/catalog");
    const lines = await page.locator(".graph path title").allTextContents();
    expect(
      lines.some((line) => /^payment → course_access: .*payment\.transaction\.completed/.test(line)),
    ).toBe(true);
    await page.getByText("The same as a table").click();
    expect(await page.locator("details table tbody tr").count()).toBe(lines.length);
  });
});

describe("settings", () => {
  test("on a phone what is not set is folded away", async () => {
    const page = await ours.open({ viewport: { width: 390, height: 780 } });
    await page.goto("/settings");
    const height = await page.evaluate<number>("document.documentElement.scrollHeight");
    // 84 variables in full were 24 windows.
    expect(height).toBeLessThan(10 * 780);
    const unset = page.getByRole("row", { name: "BRAIN_ALERT_SLACK_URL" });
    expect(await unset.count()).toBe(0);
    await page.getByText(/^\d+ variables that are not set$/).press("Enter");
    await unset.waitFor();
    expect(await unset.textContent()).toContain("Slack");
    await expectFits(page);
    await expectAccessible(page);
  });

  test("tell what is set, and no secret", async () => {
    const page = await ours.open();
    await page.goto("/settings");
    const text = (await page.locator("main").textContent()) ?? "";
    expect(text).not.toContain(planted);
    const row = page.getByRole("row", { name: "BRAIN_NOTIFY_SECRET" });
    expect(await row.textContent()).toContain("set, not shown");
    expect(text).toContain("all applied");
    // Each part is one step away: on a phone the variables alone are some forty screens.
    const links = page.getByRole("navigation", { name: "On this page" }).getByRole("link");
    const titles = await page.locator("main h2").allTextContents();
    expect(await links.allTextContents()).toEqual(titles);
    await links.last().click();
    const modules = page.locator("#modules:target");
    const height = page.viewportSize()?.height ?? 0;
    await expect
      .poll(async () => (await modules.boundingBox())?.y ?? -1, { timeout: 30_000 })
      .toSatisfy((top: number) => top >= 0 && top < height);
  });

  test("a key is made, shown once, given another secret and revoked", async () => {
    const page = await ours.open();
    await page.goto("/settings/keys");
    await page.getByLabel("Name").fill("dashboard <b>");
    await page.getByLabel("Role").selectOption("viewer");
    // Empty is no tenant of its own: whoever leaves it so has to know what the key may see.
    await page.getByLabel(/^Tenant\s*Left empty, the key is for all tenants\.$/).waitFor();
    await page.getByRole("button", { name: "Create a key" }).click();
    await page.getByRole("heading", { name: "The new key" }).waitFor();
    await expectAccessible(page);
    const secret = ((await page.locator(".copy code").textContent()) ?? "").trim();
    const asked = (key: string) =>
      ours.engine.request("GET", "/api/me", undefined, { authorization: `Bearer ${key}` });
    expect((await asked(secret)).body).toMatchObject({ name: "dashboard <b>", scopes: ["*:read"] });
    await page.getByRole("link", { name: "On to the key" }).click();
    await page.getByRole("heading", { name: "dashboard <b>" }).waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(await page.locator("main .facts").textContent()).toContain("Tenantall tenants");
    await page.locator(".trail").getByRole("link", { name: "Keys" }).click();
    const row = page.getByRole("row", { name: "dashboard <b>" });
    expect(await row.locator("td").nth(2).textContent()).toBe("all tenants");
    await row.getByRole("link").click();
    await page.getByLabel("The secret before it stays good for").selectOption("0");
    await page.getByRole("button", { name: "Give it a new secret" }).click();
    await page.getByRole("heading", { name: "The new key" }).waitFor();
    const next = ((await page.locator(".copy code").textContent()) ?? "").trim();
    expect(next).not.toBe(secret);
    await page.getByRole("link", { name: "On to the key" }).click();
    await page.getByLabel("Type 1 to confirm").fill("1");
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByText("The key is revoked.").waitFor();
    expect((await asked(next)).status).toBe(401);
    await page.getByRole("link", { name: "Audit entry" }).click();
    await page.getByRole("heading", { name: "identity.key_revoked" }).waitFor();
  });

  test("sessions and endpoints of all tenants are told as such, and how an endpoint is added", async () => {
    const page = await ours.open();
    await page.goto("/settings/sessions");
    expect(await page.locator("main tbody tr").first().textContent()).toContain("all tenants");
    await page.goto("/settings/webhooks");
    const how = (await page.locator("main pre").textContent()) ?? "";
    expect(how).toContain(`${ours.origin}/api/webhooks`);
    const body = JSON.parse(/-d '(.*)'/.exec(how)?.[1] ?? "null");
    const made = await ours.engine.request("POST", "/api/webhooks", { ...body, url: "https://example.com/" });
    expect(made.status, made.text).toBe(201);
    await page.reload();
    expect(await page.locator("main tbody tr").first().textContent()).toContain("all tenants");
    await expectAccessible(page);
  });

  test("limits of a tenant are set with a reason, which stands in the audit", async () => {
    const page = await ours.open();
    await page.goto("/settings/tenants");
    await page.getByLabel("Tenant", { exact: true }).fill("acme");
    await page.getByLabel("Weight").fill("heavy");
    expect(await page.locator("input[name=weight]:invalid").count()).toBe(1);
    // As a browser that knows no patterns: what was received is told, and not that it was nothing.
    await page.evaluate("document.querySelector('input[name=weight]').form.noValidate = true");
    await page.getByLabel("Reason").fill("as in their contract");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByText("Not done.").waitFor();
    expect(await page.getByRole("alert").textContent()).toMatch(/weight.*received string/);
    expect(await wrongFields(page)).toEqual({ weight: expect.stringMatching(/weight.*received string/) });
    await expectAccessible(page);
    await page.getByLabel("Weight").fill("2");
    await page.getByLabel("Reason").fill("as in their contract");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByText("What acme may do is set.").waitFor();
    expect(await page.getByRole("row", { name: "acme" }).textContent()).toContain("2");
    await page.getByRole("link", { name: "Audit entry" }).click();
    expect(await page.locator("main").textContent()).toContain("as in their contract");
  });

  test("a session is ended, and its browser has to sign in again", async () => {
    const made = await ours.engine.request("POST", "/api/keys", { name: "a guest", roles: ["viewer"] });
    const other = await ours.open({ key: made.body.key });
    const page = await ours.open();
    await page.goto("/settings/sessions");
    await page.getByRole("row", { name: "a guest" }).getByRole("button", { name: "End" }).click();
    await page.getByText("The session is ended.").waitFor();
    expect(await page.getByRole("row", { name: "a guest" }).count()).toBe(0);
    await other.goto("/settings");
    expect(new URL(other.url()).pathname).toBe("/sign-in");
  });

  test("who may only read is offered neither keys nor a form, and a tenant's admin no configuration", async () => {
    const keyOf = async (body: object) =>
      (await ours.engine.request("POST", "/api/keys", { name: "a test", ...body })).body.key as string;
    const viewer = await ours.open({ key: await keyOf({ roles: ["viewer"] }) });
    await viewer.goto("/settings");
    expect(await viewer.locator(".tabs a").allTextContents()).toEqual([
      "Configuration",
      "Tenants",
      "Webhooks",
    ]);
    await viewer.goto("/settings/tenants");
    expect(await viewer.getByRole("button", { name: "Set" }).count()).toBe(0);
    const admin = await ours.open({ key: await keyOf({ roles: ["admin"], tenant_id: "zenith" }) });
    await admin.goto("/settings");
    expect(await admin.locator("main").textContent()).not.toContain("BRAIN_");
    await admin.goto("/catalog/system.health");
    expect(await admin.locator("main").textContent()).not.toContain("alert(1)");
  });
});

test("analytics show funnel, revenue and failures as pictures and as numbers", async () => {
  const page = await ours.open();
  await page.goto("/analytics");
  await expectAccessible(page);
  expect(await page.getByRole("row", { name: "payments" }).textContent()).toContain("1");
  expect(await page.getByRole("img", { name: "Revenue in EUR: €49.00 in all." }).count()).toBe(1);
  await page.locator("select[name=window]").selectOption("24h");
  await page.waitForURL("**/analytics?window=24h*");
  expect(await page.getByRole("row", { name: "EUR" }).textContent()).toContain("€49.00");
  await page.goto("/analytics?tenant_id=zenith");
  await page.getByText("Nothing was paid in this window.").waitFor();
});

test("where no demo is offered its page says so", async () => {
  const page = await ours.open();
  await page.goto("/demo");
  await page.getByText("This system offers no demo.").waitFor();
});
