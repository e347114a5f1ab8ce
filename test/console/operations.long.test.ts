import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ConsoleUnderTest,
  createConsoleUnderTest,
  expectAccessible,
  expectFits,
  watchFaults,
  wrongFields,
} from "./console.ts";

/* Overview, consumers and alerts, with what a system has that works and fails. */

let ours: ConsoleUnderTest;
let empty: ConsoleUnderTest;

const hostile = `"><img src=x onerror=alert(1)>`;

beforeAll(async () => {
  [ours, empty] = await Promise.all([createConsoleUnderTest(), createConsoleUnderTest()]);
  const { engine } = ours;
  for (let n = 0; n < 7; n += 1) await send({ type: "agent.online", payload: { agent_id: `a-${n}` } });
  await engine.settle();
  await engine.sql(
    `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, reason, error_class, error_message,
       attempts, first_failed_at, last_failed_at)
     SELECT 'agents', 's', n || '-1', 'permanent', 'Error', $1, 5, now(), now() FROM generate_series(1, 3) n`,
    [hostile],
  );
  await engine.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause, key, attempts, last_error,
       event_type, due_at)
     SELECT 'agents', 0, 's', n || '-0', 'waiting', $1 || n, 2, $1, 'agent.online', now() + interval '1 hour'
     FROM generate_series(1, 2) n`,
    [hostile],
  );
  await engine.sql(
    `INSERT INTO alerts (kind, subject, severity, message, count) VALUES
       ('lag_age', 'edge_agents:0', 'high', $1, 3), ('key_ends', 'a key', 'warning', 'It ends.', 1)`,
    [hostile],
  );
});
afterAll(() => Promise.all([ours?.close(), empty?.close()]));

const send = async (body: object) => {
  const sent = await ours.engine.request("POST", "/api/events", { source: "test", ...body });
  expect(sent.status, sent.text).toBe(202);
};
const rows = <Row>(text: string) => ours.engine.sql<Row>(text);
const figure = (page: Page, name: string) =>
  page.locator(".figures li", { hasText: name }).locator("b").textContent();
/** The message behind a change, and the audit entry that it links to. */
async function changed(page: Page, text: string, action: string): Promise<void> {
  await page.getByText(text).waitFor();
  const link = await page.getByRole("link", { name: "Audit entry" }).getAttribute("href");
  const requestId = new URL(link ?? "", page.url()).searchParams.get("request_id");
  const reply = await ours.engine.request("GET", `/api/operator-actions?request_id=${requestId}`);
  expect(reply.body.operator_actions).toMatchObject([{ action }]);
}

describe("the overview", () => {
  test("tells the numbers of the API, and each leads to what is behind it", async () => {
    const page = await ours.open();
    const faults = watchFaults(page);
    await page.goto("/");
    const { body } = await ours.engine.request("GET", "/api/overview");
    expect(await figure(page, "Events in")).toBe(String(body.traffic.totals.published));
    expect(body.traffic.totals.published).toBe(7);
    expect(await figure(page, "Effects")).toBe(String(body.traffic.totals.applied));
    expect(await figure(page, "Open alerts")).toBe("2");
    expect(await page.locator(".figures li", { hasText: "3 new" }).locator("b").textContent()).toBe("3");
    const links = await page
      .locator(".figures li > a")
      .evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    expect(links).toHaveLength(await page.locator(".figures li").count());
    expect(await page.getByText("It runs, and something needs somebody.").count()).toBe(1);
    expect(await page.getByText("Events that came in: 7.").count()).toBeGreaterThan(0);
    expect(await page.locator("svg[role=img]").count()).toBe(2);
    await page.getByRole("link", { name: "24 hours" }).click();
    await page.waitForURL("**/?window=24h");
    expect(await figure(page, "Events in")).toBe("7");
    await page.getByRole("link", { name: "agents", exact: true }).click();
    await page.waitForURL("**/consumers/agents");
    expect((await page.goto(links[0] ?? ""))?.status()).toBe(200);
    const behind = page.locator("tbody tr", { hasText: "agent.online" });
    expect(await behind.count(), "the events behind the first number").toBe(7);
    expect(faults()).toEqual([]);
  });

  test("of an empty system shows three requests, and what they say works as it stands", async () => {
    const page = await empty.open({ locale: "de-DE" });
    await page.goto("/");
    await page.getByText("Hier ist noch nichts geschehen").waitFor();
    const shown = await page.locator(".copy code").allTextContents();
    expect(shown).toHaveLength(4);
    for (const text of shown) {
      const body = /-d '(.*)'/.exec(text)?.[1];
      if (body === undefined) continue;
      const reply = await empty.engine.request("POST", "/api/events", JSON.parse(body));
      expect(reply.status, reply.text).toBe(202);
    }
    await page.goto("/");
    expect(await page.getByText("Hier ist noch nichts geschehen").count()).toBe(0);
  });

  test("shows a credential of one tenant what waits for that tenant", async () => {
    const made = await ours.engine.request("POST", "/api/keys", {
      name: "a viewer",
      tenant_id: "acme",
      scopes: ["*:read"],
    });
    const page = await ours.open({ key: made.body.key });
    await page.goto("/");
    expect(await figure(page, "Open alerts")).toBe("0");
    expect(await page.getByText("counted for all tenants together").count()).toBe(1);
    expect(await page.locator("table").count()).toBe(0);
    await page.goto("/consumers");
    expect(await page.getByText("this credential is for one").count()).toBe(1);
  });
});

describe("a consumer", () => {
  test("is paused and resumed, with its entry in the audit", async () => {
    const page = await ours.open();
    await page.goto("/consumers/agents");
    const pause = page.locator("form", { has: page.getByRole("button", { name: "Pause" }) });
    await pause.locator("input[name=reason]").fill("a look");
    await pause.locator("select[name=for_seconds]").selectOption("3600");
    await pause.getByRole("button").click();
    await changed(page, "The consumer is paused.", "consumer.paused");
    const [paused] = await rows<{ reason: string; left: number }>(
      "SELECT reason, extract(epoch FROM expires_at - now())::integer AS left FROM consumer_pauses",
    );
    expect(paused?.reason).toBe("a look");
    expect(paused?.left).toBeGreaterThan(3_000);
    const resume = page.locator("form", { has: page.getByRole("button", { name: "Resume" }) });
    await resume.locator("input[name=reason]").fill("looked");
    await resume.getByRole("button").click();
    await changed(page, "The consumer goes on.", "consumer.resumed");
    expect(await rows("SELECT FROM consumer_pauses")).toEqual([]);
    await page.getByRole("button", { name: "Run now" }).click();
    await changed(page, "Read 0, applied 0", "consumer.drained");
  });

  test("is paused in none of its parts when the reason is refused, and what was typed stays", async () => {
    const page = await ours.open();
    await page.goto("/consumers/agents");
    const pause = page.locator("form", { has: page.getByRole("button", { name: "Pause" }) });
    await pause.locator("input[name=reason]").fill("no");
    await pause.getByRole("button").click();
    await page.locator(".message.bad").first().waitFor();
    expect(await pause.locator("input[name=reason]").inputValue()).toBe("no");
    expect(await wrongFields(page)).toEqual({ reason: expect.stringContaining("reason") });
    expect(await rows("SELECT FROM consumer_pauses")).toEqual([]);
  });

  test("leads to a replay of its own", async () => {
    const page = await ours.open();
    await page.goto("/consumers/agents");
    await page.getByRole("link", { name: "Start a replay" }).click();
    await page.waitForURL("**/jobs/replay?subscriber=agents");
    expect(await page.locator("select[name=subscriber]").inputValue()).toBe("agents");
  });

  test("has blocked keys, which are tried now or given up", async () => {
    const page = await ours.open();
    await page.goto("/consumers/agents/blocked-keys");
    expect(await page.locator("tbody tr").count()).toBe(2);
    const first = page.locator("tbody tr").first();
    await first.getByText("Try now").first().click();
    await first.locator("input[name=reason]").first().fill("no");
    await first.getByRole("button", { name: "Try now" }).click();
    await page.locator(".message.bad").first().waitFor();
    // Each key has such a form: told and kept is it in the one that was sent.
    expect(await page.locator("[aria-invalid]").count()).toBe(1);
    expect(
      await page.locator("input[name=reason]").evaluateAll((all) => all.map(({ value }) => value)),
    ).toEqual(["no", "", "", ""]);
    await first.locator("input[name=reason]").first().fill("mended");
    await first.getByRole("button", { name: "Try now" }).click();
    await changed(page, "The event is tried now", "key.unblocked");
    const last = page.locator("tbody tr").last();
    await last.getByText("Give up").first().click();
    await last.locator("input[name=reason]").last().fill("no use");
    await last.getByRole("button", { name: "Give up" }).click();
    await changed(page, "became a dead letter", "key.skipped");
  });

  test("offers no change to whoever may only read", async () => {
    const made = await ours.engine.request("POST", "/api/keys", { name: "reads", scopes: ["*:read"] });
    const page = await ours.open({ key: made.body.key });
    for (const path of ["/consumers/agents", "/consumers/agents/blocked-keys", "/alerts/1"]) {
      await page.goto(path);
      expect(await page.locator("main form").count(), path).toBe(0);
    }
  });
});

describe("an alert", () => {
  test("is acknowledged and closed, and leads to the consumer that it is about", async () => {
    const page = await ours.open();
    const faults = watchFaults(page);
    await page.goto("/alerts?severity=high");
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByRole("link", { name: "lag_age" }).click();
    expect(await page.locator(".facts a").first().getAttribute("href")).toBe("/consumers/agents");
    await page.locator("input[name=note]").fill("I look");
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await changed(page, "The alert is acknowledged.", "alert.acknowledged");
    await page.locator("input[name=reason]").fill("it is over");
    await page.getByRole("button", { name: "Close" }).click();
    await changed(page, "The alert is closed.", "alert.closed");
    expect(await rows("SELECT kind FROM alerts WHERE resolved_at IS NULL")).toEqual([{ kind: "key_ends" }]);
    expect(faults()).toEqual([]);
  });
});

const paths = [
  "/",
  "/?window=7d",
  "/consumers",
  "/consumers/agents",
  "/consumers/agents/blocked-keys",
  "/alerts?state=all",
  "/alerts/1",
];

test("in German, too, a window 1,280 px wide has all of a consumer's shards in sight", async () => {
  const page = await ours.open({ locale: "de-DE", viewport: { width: 1_280, height: 700 } });
  await page.goto("/consumers/agents");
  // How many the last drain read is chance.
  expect(await page.locator("main").textContent()).toMatch(/\d gelesen, \d angewandt/);
  const beside = await page.evaluate<readonly number[]>(
    "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)",
  );
  expect(beside.filter((width) => width > 0)).toEqual([]);
});

test.each([
  ["light", 1280, "en-GB"],
  ["dark", 360, "de-DE"],
] as const)(
  "pages in %s at %i px can be used by everybody, and run nothing of what events say",
  async (colorScheme, width, locale) => {
    const page = await ours.open({ colorScheme, locale, viewport: { width, height: 800 } });
    const faults = watchFaults(page);
    for (const path of paths) {
      await page.goto(path);
      await expectFits(page);
      await expectAccessible(page);
      expect(await page.locator("img").count(), path).toBe(0);
    }
    expect(faults()).toEqual([]);
  },
);

test("pages can be read without client script", async () => {
  const page = await ours.open({ javaScriptEnabled: false });
  for (const path of paths) {
    expect((await page.goto(path))?.status(), path).toBe(200);
    expect(await page.locator("h1").count(), path).toBe(1);
  }
});
