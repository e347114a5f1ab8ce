import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ConsoleUnderTest,
  createConsoleUnderTest,
  expectAccessible,
  expectFits,
  watchFaults,
} from "./console.ts";

let ours: ConsoleUnderTest;
/** Ids of own events by their agents. */
const ids: Record<string, string> = {};
let foreignId: string;
const foreignStory = "story-of-another-program";

const story = `story-${randomUUID()}`;

async function ingest(agent: string, fields: object = {}): Promise<void> {
  const id = randomUUID();
  ids[agent] = id;
  const event = { id, type: "agent.online", payload: { agent_id: agent }, ...fields };
  const reply = await ours.engine.request("POST", "/api/events", event);
  expect(reply.status, reply.text).toBe(202);
}

beforeAll(async () => {
  ours = await createConsoleUnderTest();
  const { engine } = ours;
  await ingest("first", { tenant_id: "acme", correlation_id: story });
  await ingest("second", { tenant_id: "acme", correlation_id: story, severity: "ERROR" });
  await ingest("third", {
    tenant_id: "other",
    payload: { agent_id: "third", details: { note: "a needle here" } },
  });
  await ingest("fourth", { type: "agent.error", payload: { agent_id: "fourth", error: "It broke" } });
  foreignId = randomUUID();
  const meta = JSON.stringify({ schema_version: 1, producer: "python", source_module: "reports" });
  const fields = {
    id: foreignId,
    type: "python.report.written",
    source: "python",
    payload: '{"pages":3}',
    correlation_id: foreignStory,
    meta,
  };
  const timestamp = "2026-03-01T10:00:00.000Z";
  await engine.redis("XADD", engine.stream, "*", ...Object.entries({ ...fields, timestamp }).flat());
  await engine.redis("XADD", engine.stream, "*", "junk", "nobody reads this");
  await engine.settle();
  await engine.drain("audit_log");
});
afterAll(() => ours?.close());

const rows = (page: Page) => page.locator(".events tbody tr");
/** What stands before the text of each cell that is shown, in the first row there. */
const labels = (page: Page, where: string) =>
  page.evaluate<string[]>(`[...document.querySelectorAll("${where} tbody tr:first-child td")]
    .filter((one) => one.checkVisibility())
    .map((one) => getComputedStyle(one, "::before").content)`);
const focused = (page: Page) => page.evaluate<string>("document.activeElement?.textContent.trim()");
const line = (page: Page) => page.locator("#line");

describe("the search", () => {
  test("by the line fills the form, by the form fills the line, and both are kept in the link", async () => {
    const page = await ours.open();
    const faults = watchFaults(page);
    await page.goto("/events");
    expect(await rows(page).count()).toBe(6);
    await line(page).fill('tenant:acme severity:error since:2d "second"');
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=/);
    expect(await rows(page).count()).toBe(1);
    await page.locator("details.form summary").click();
    const form = page.locator("details.form form");
    expect(await form.locator("[name=tenant_id]").inputValue()).toBe("acme");
    expect(await form.locator("[name=severity]").inputValue()).toBe("ERROR");
    expect(await form.locator("[name=from]").inputValue()).toBe("2d");
    await form.locator("[name=text]").fill("");
    await form.locator("[name=severity]").selectOption("");
    await form.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(/tenant_id=acme/);
    expect(await line(page).inputValue()).toBe("tenant:acme since:2d");
    expect(await rows(page).count()).toBe(2);
    await page.getByRole("link", { name: "Link to this search" }).click();
    expect(new URL(page.url()).searchParams.get("q")).toBe("tenant:acme since:2d");
    expect(await rows(page).count()).toBe(2);
    await expectAccessible(page);
    expect(faults()).toEqual([]);
  });

  test("finds by fields, by members and by text, without client script too", async () => {
    const page = await ours.open({ javaScriptEnabled: false });
    const expected = {
      "type:agent.*": 4,
      'payload.details.note:"a needle here"': 1,
      NEEDLE: 1,
      "entries:foreign": 2,
      "entries:own order:oldest": 4,
      "agent:python": 1,
      "until:2026-01-01": 0,
      [`story:${story}`]: 2,
    };
    const found: Record<string, number> = {};
    for (const asked of Object.keys(expected)) {
      await page.goto(`/events?q=${encodeURIComponent(asked)}`);
      expect(await line(page).inputValue()).toBe(asked);
      found[asked] = await rows(page).count();
    }
    expect(found).toEqual(expected);
  });

  test("says what it does not understand, and where", async () => {
    const page = await ours.open();
    const answer = await page.goto(`/events?q=${encodeURIComponent("tenant:acme typ:x since:soon")}`);
    expect(answer?.status()).toBe(422);
    const alert = page.getByRole("alert");
    expect(await alert.locator("mark").allTextContents()).toEqual(["typ:x", "since:soon"]);
    expect(await alert.textContent()).toContain('At character 13: There is no field "typ".');
    expect(await line(page).inputValue()).toBe("tenant:acme typ:x since:soon");
    await expectAccessible(page);
    await page.goto(`/events?type=${"x".repeat(101)}`);
    expect(await page.getByRole("alert").textContent()).toContain("type");
  });

  test("pages by cursor", async () => {
    for (let place = 0; place < 101; place += 1) await ingest(`many-${place}`, { tenant_id: "crowd" });
    const page = await ours.open();
    await page.goto("/events?q=tenant:crowd");
    expect(await rows(page).count()).toBe(100);
    await page.getByRole("link", { name: "More" }).click();
    await page.waitForURL(/cursor=/);
    expect(await rows(page).count()).toBe(1);
    expect(await line(page).inputValue()).toBe("tenant:crowd");
    await page.getByRole("link", { name: "First page" }).click();
    await page.waitForURL((url) => !url.search.includes("cursor"));
    expect(await rows(page).count()).toBe(100);
  });

  test("goes straight to an event or a story when its id is given, and tells when there is none", async () => {
    const page = await ours.open();
    await page.goto("/events");
    await page.locator("#search").fill(ids.first ?? "");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/events/${ids.first}`);
    await page.goto(`/events?q=${story}`);
    expect(new URL(page.url()).pathname).toBe(`/stories/${story}`);
    const unknown = randomUUID();
    await page.goto(`/events?q=${unknown}`);
    await page.getByText(`Neither an event nor a story has the id "${unknown}"`).waitFor();
  });

  test("completes names and values by keyboard", async () => {
    const page = await ours.open();
    await page.goto("/events");
    await line(page).pressSequentially("sev");
    await page.getByRole("option", { name: "severity:" }).waitFor();
    expect(await line(page).getAttribute("aria-expanded")).toBe("true");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await line(page).inputValue()).toBe("severity:");
    await page.getByRole("option", { name: "severity:CRITICAL" }).waitFor();
    await expectAccessible(page);
    await line(page).pressSequentially("err");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    await line(page).pressSequentially("type:agent.onl");
    await page.getByRole("option", { name: "type:agent.online" }).click();
    expect(await line(page).inputValue()).toBe("severity:ERROR type:agent.online ");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=/);
    expect(await rows(page).count()).toBe(1);
  });

  test("fits a phone, in German and in the dark", async () => {
    const page = await ours.open({
      viewport: { width: 360, height: 700 },
      locale: "de-DE",
      colorScheme: "dark",
    });
    await page.goto("/events?type=agent.*");
    expect(await page.locator("h1").textContent()).toBe("Ereignisse");
    await expectFits(page);
    expect((await labels(page, ".events")).slice(0, 2)).toEqual(['"Gespeichert"', '"Typ"']);
    await page.locator("details.form summary").click();
    await expectFits(page);
    await expectAccessible(page);
  });

  test("on a phone a row is a few lines high, and leaves the payload to the event", async () => {
    const page = await ours.open({ viewport: { width: 390, height: 780 } });
    await page.goto("/events?type=agent.*");
    const shown = await labels(page, ".events");
    expect(shown).not.toContain('"Payload"');
    expect(shown).toContain('"Story"');
    // With the payload, and the name of each column in the way, a row was a quarter of the window.
    for (const row of await rows(page).all()) expect((await row.boundingBox())?.height).toBeLessThan(130);
    await expectFits(page);
    await expectAccessible(page);
  });

  test("in a wide window no cell repeats the name of its column", async () => {
    const page = await ours.open();
    await page.goto("/events?type=agent.*");
    expect(new Set(await labels(page, ".events"))).toEqual(new Set(["none"]));
  });
});

describe("live", () => {
  test("shows an event that is published while the page is open, as the search asks, and waits when paused", async () => {
    const page = await ours.open();
    const faults = watchFaults(page);
    await page.goto("/events?q=type:agent.online+source:http_ingest+%22live%22");
    await page.getByRole("button", { name: "Watch live" }).press("Enter");
    // The button is gone, the focus is not.
    expect(await focused(page)).toBe("Pause");
    await page.getByText("Watching.").waitFor();
    const live = page.locator(".live tbody tr");
    await ingest("not shown");
    await ingest("live-1", { tenant_id: "acme" });
    await ours.engine.relay();
    await live.first().waitFor();
    expect(await live.allTextContents()).toHaveLength(1);
    expect(await live.first().textContent()).toContain("agent.onlineacmehttp_ingest");
    await page.getByRole("button", { name: "Pause" }).click();
    await ingest("live-2");
    await ours.engine.relay();
    await page.getByText("1 waiting").waitFor();
    expect(await live.count()).toBe(1);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Go on" }).click();
    expect(await live.count()).toBe(2);
    await page.getByRole("button", { name: "Stop" }).press("Enter");
    expect(await focused(page)).toBe("Watch live");
    await live.first().locator("a").click();
    await page.waitForURL(`**/events/${ids["live-2"]}`);
    expect(faults()).toEqual([]);
  });

  test("on a phone cells of what comes have the names of their columns, too, where there is something in them", async () => {
    const page = await ours.open({ viewport: { width: 390, height: 780 } });
    await page.goto("/events?q=type:agent.online+%22phone%22");
    await page.getByRole("button", { name: "Watch live" }).click();
    await page.getByText("Watching.").waitFor();
    await ingest("phone", { tenant_id: "acme" });
    await ours.engine.relay();
    await page.locator(".live tbody tr").waitFor();
    expect(await labels(page, ".live")).toEqual(['"Stored"', '"Type"', '"Tenant"', '"Source"', '"Payload"']);
    await expectFits(page);
    await expectAccessible(page);
  });

  test("says without client script how it is watched", async () => {
    const page = await ours.open({ javaScriptEnabled: false });
    await page.goto("/events?q=type:agent.*+tenant:acme");
    await page.locator(".live summary").click();
    expect(await page.locator(".live pre").textContent()).toBe(
      "charter tail --follow --type 'agent.*' --tenant 'acme'",
    );
    expect(await page.getByRole("button", { name: "Watch live" }).isVisible()).toBe(false);
  });
});

describe("one event", () => {
  test("tells its envelope, what became of it, its payload against the schema, and how to publish it again", async () => {
    const page = await ours.open();
    await page.goto(`/events/${ids.fourth}`);
    expect(await page.locator("h1").textContent()).toBe("agent.error");
    expect(await page.locator("main").textContent()).toContain(ids.fourth);
    const consumer = page.getByRole("row").filter({ hasText: "agents" }).first();
    expect(await consumer.textContent()).toContain("applied");
    expect(await page.getByText("It fits the schema.").isVisible()).toBe(true);
    expect(await page.getByRole("row").filter({ hasText: "error_type" }).textContent()).toContain(
      "not given",
    );
    await page.getByText("With curl").click();
    const curl = await page.locator("pre").filter({ hasText: "curl" }).textContent();
    expect(curl).toContain(
      `-d '{"type":"agent.error","payload":{"error":"It broke","agent_id":"fourth"},"severity":"ERROR"}'`,
    );
    await expectAccessible(page);
  });

  test("is tried with a consumer, and nothing of it is kept", async () => {
    const page = await ours.open();
    await page.goto(`/events/${ids.fourth}`);
    const before = await ours.engine.sql("SELECT * FROM processed_events ORDER BY 1, 2");
    await page.getByRole("button", { name: "Try with agents" }).click();
    await page.getByText("Nothing of it was kept.").waitFor();
    await page.getByText("This consumer applied the event").waitFor();
    await expectAccessible(page);
    expect(await ours.engine.sql("SELECT * FROM processed_events ORDER BY 1, 2")).toEqual(before);
  });

  test("is replayed to one consumer, with a reason", async () => {
    const page = await ours.open();
    await page.goto(`/events/${ids.fourth}`);
    await page.locator("select[name=mode]").selectOption("force");
    await page.locator("[name=reason]").fill("to see it again");
    await page.getByRole("button", { name: "Start the replay" }).click();
    await page.waitForURL("**/jobs/replays/*");
    await page.getByText("to see it again").first().waitFor();
    const { body } = await ours.engine.request("GET", "/api/replays?subscriber=agents");
    expect(body).toMatchObject({ replays: [{ total: 1, mode: "force", reason: "to see it again" }] });
  });

  test("leads to its story and to the events that are alike", async () => {
    const page = await ours.open({ javaScriptEnabled: false });
    await page.goto(`/events/${ids.first}`);
    await page.getByRole("link", { name: "acme" }).click();
    expect(await line(page).inputValue()).toBe("tenant:acme");
    await page.goBack();
    await page.getByRole("link", { name: story }).click();
    expect(new URL(page.url()).pathname).toBe(`/stories/${story}`);
  });

  test("of another program is shown by its position, also when nobody can read it", async () => {
    const page = await ours.open({ viewport: { width: 360, height: 700 } });
    await page.goto("/events?entries=foreign");
    await page.getByRole("link", { name: "no type" }).click();
    await page.getByText("Nobody can read it").waitFor();
    expect(await page.locator("main").textContent()).toContain("nobody reads this");
    await expectFits(page);
    await expectAccessible(page);
    await page.goto("/events?entries=foreign");
    await page.getByRole("link", { name: "python.report.written" }).click();
    await page.getByText("The catalogue does not have this type").waitFor();
    expect(await page.locator("main").textContent()).toContain(foreignId);
    // The record has no story of it, so nothing leads to one.
    expect(await page.locator("main").textContent()).toContain(foreignStory);
    expect(await page.locator("main a[href*='/stories/']").count()).toBe(0);
    const answer = await page.goto("/entries/999999");
    expect(answer?.status()).toBe(404);
  });
});

test("a story is a timeline and a tree, on a phone, too", async () => {
  const page = await ours.open({ viewport: { width: 360, height: 700 }, colorScheme: "dark" });
  const faults = watchFaults(page);
  await page.goto(`/stories/${story}`);
  expect(await page.locator("h1").textContent()).toBe(`Story ${story}`);
  expect(await page.getByRole("link", { name: "agent.online" }).count()).toBe(2);
  await expectFits(page);
  await expectAccessible(page);
  await page.getByRole("link", { name: "Tree" }).click();
  await page.waitForURL(/view=tree/);
  expect(await page.getByRole("link", { name: "agent.online" }).count()).toBe(2);
  await expectFits(page);
  await expectAccessible(page);
  await page.getByRole("link", { name: "agent.online" }).first().click();
  await page.waitForURL("**/events/*");
  expect(faults()).toEqual([]);
});

test("whoever may see one tenant sees no other one's", async () => {
  const created = await ours.engine.request("POST", "/api/keys", {
    name: "reader of acme",
    tenant_id: "acme",
    scopes: ["events:read"],
  });
  expect(created.status, created.text).toBe(201);
  const page = await ours.open({ key: String(created.body.key) });
  await page.goto("/events");
  expect(await rows(page).count()).toBeGreaterThan(0);
  expect(await page.locator(".events").textContent()).not.toContain("third");
  const answer = await page.goto(`/events/${ids.third}`);
  expect(answer?.status()).toBe(404);
  await page.goto("/events?tenant_id=other");
  await page.getByRole("alert").waitFor();
  await page.goto(`/events/${ids.first}`);
  expect(await page.getByRole("button", { name: "Start the replay" }).count()).toBe(0);
});
