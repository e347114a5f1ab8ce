import { agentHeartbeat, courseAccessGranted } from "@brain/schemas";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { plantLetters } from "../engine/operations/bulk-fixture.ts";
import {
  type ConsoleUnderTest,
  createConsoleUnderTest,
  expectAccessible,
  expectFits,
  watchFaults,
  wrongFields,
} from "./console.ts";

/* Repairing in the browser: dead letters from the group to the last redrive, edited ones, replays, giving up. */

let ours: ConsoleUnderTest;
let place = 0;
beforeAll(async () => {
  ours = await createConsoleUnderTest();
});
afterAll(() => ours?.close());

const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;

/** Dead letters of the agents' consumer, whose events would be applied now. */
async function bury(count: number, fingerprint: string, payload?: object): Promise<string[]> {
  return plantLetters(
    ours.engine,
    Array.from({ length: count }, () => {
      place += 1;
      const id = crypto.randomUUID();
      const fields = {
        id,
        type: agentHeartbeat.type,
        source: "test",
        payload: JSON.stringify(
          payload ?? { agent_id: `rover-${place}`, tasks_completed: place, tasks_failed: 0 },
        ),
        timestamp: "2026-11-26T10:00:00.000Z",
        meta: JSON.stringify({ schema_version: 1, producer: "test", source_module: "agents" }),
      };
      return {
        subscriber: "agents",
        eventId: id,
        type: agentHeartbeat.type,
        fingerprint,
        rawFields: fields,
        key: `rover-${place}`,
        messageId: `1795000000000-${place}`,
        failedAt: new Date(Date.now() - 3_600_000).toISOString(),
      };
    }),
  );
}

let page: Page;
beforeEach(async () => {
  page ??= await ours.open();
});

const done = async (text: string) => page.getByText(text).first().waitFor();

describe("dead letters", () => {
  test("of a group are tried, counted, redriven to their end, and the audit is a click away", async () => {
    const fingerprint = "00000000000000c1";
    await bury(7, fingerprint);
    await page.goto("/dead-letters");
    await expectAccessible(page);
    await page.locator(`a[href$="${fingerprint}"]`).click();
    await page.getByText("7 open of 7").waitFor();
    await expectAccessible(page);

    // A try comes first, and changes nothing.
    await page.getByRole("link", { name: "Try the newest one" }).click();
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("It would be applied.").waitFor();
    await page.getByRole("heading", { name: "What it would write" }).waitFor();
    await expectAccessible(page);
    expect((await ours.engine.sql("SELECT 1 FROM dead_letters WHERE status <> 'open'")).length).toBe(0);

    await page.goto(`/dead-letters/groups/${fingerprint}`);
    await page.getByRole("button", { name: "Count" }).click();
    await page.getByText("7 would be redriven.").waitFor();
    await expectAccessible(page);
    await page.locator("input[name=reason]").fill("the cause is mended");
    await page.getByRole("button", { name: "Redrive 7" }).click();
    await page.waitForURL("**/jobs/redrives/*");
    await done("The redrive has begun.");
    // The page renews itself; cron does the rest.
    for (let tick = 0; tick < 6; tick += 1) {
      await ours.engine.background();
      await ours.engine.cron();
    }
    await page.getByText("done", { exact: true }).waitFor();
    await page.getByText("7 / 7").waitFor();
    await expectAccessible(page);
    const open = await ours.engine.sql(
      "SELECT 1 FROM dead_letters WHERE fingerprint = $1 AND status <> 'resolved'",
      [fingerprint],
    );
    expect(open).toEqual([]);
    await page.goto("/jobs");
    await page.getByText("the cause is mended").waitFor();
    await expectAccessible(page);
  });

  test("are edited: a payload that does not fit is refused by name, a fitting one is tried and redriven", async () => {
    const [id = ""] = await bury(1, "00000000000000c2", { agent_id: "bent", tasks_completed: "many" });
    await page.goto(`/dead-letters/${id}`);
    await expectAccessible(page);
    const editor = page.locator("textarea[name=payload]");
    await editor.fill('{"agent_id": "bent", "tasks_completed": 3');
    await page.getByRole("button", { name: "Check and try" }).click();
    await done("This is not JSON.");
    expect(await wrongFields(page)).toEqual({ payload: expect.stringContaining("This is not JSON.") });
    await expectAccessible(page);
    // What was typed is still there.
    expect(await editor.inputValue()).toContain('"tasks_completed": 3');
    await editor.fill('{"agent_id": "bent", "tasks_completed": "3", "tasks_failed": 0}');
    await page.getByRole("button", { name: "Check and try" }).click();
    await page
      .getByText(/payload\.tasks_completed/)
      .first()
      .waitFor();
    expect(await wrongFields(page)).toEqual({ payload: expect.stringContaining("payload.tasks_completed") });
    await editor.fill('{"agent_id": "bent", "tasks_completed": 3, "tasks_failed": 0}');
    await page.getByRole("button", { name: "Check and try" }).click();
    await page.getByText("It would be applied.").waitFor();
    await page.locator("input[name=reason]").fill("mended by hand");
    await page.getByRole("button", { name: "Redrive with this payload" }).click();
    await done("A copy with the new payload is given to the consumer.");
    await page.getByRole("link", { name: "Audit entry" }).waitFor();
    await ours.engine.background();
    await ours.engine.settle();
    const [letter] = await ours.engine.sql("SELECT status, edited_event_id FROM dead_letters WHERE id = $1", [
      id,
    ]);
    expect(letter).toMatchObject({ status: "resolved", edited_event_id: expect.any(String) });
  });

  test("are given up when their exact number is typed, and not otherwise", async () => {
    const fingerprint = "00000000000000c3";
    await bury(3, fingerprint);
    await page.goto(`/dead-letters/groups/${fingerprint}`);
    const form = page.locator("form", { has: page.getByRole("button", { name: "Give up 3" }) });
    await form.locator("input[name=reason]").fill("they were tests");
    await form.locator("input[name=confirm]").fill("3");
    // One more has come since the number was shown.
    await bury(1, fingerprint);
    await form.getByRole("button").click();
    await page.getByText('"3" was typed, and it concerns 4 now.', { exact: false }).waitFor();
    // It is said once, and of the field.
    expect(await page.getByText('"3" was typed').count()).toBe(1);
    expect(await wrongFields(page)).toEqual({ confirm: expect.stringContaining('"3" was typed') });
    const again = page.locator("form", { has: page.getByRole("button", { name: "Give up 4" }) });
    await again.locator("input[name=confirm]").fill("4");
    await again.getByRole("button").click();
    await done("4 dead letters are given up.");
    const [one = ""] = await bury(1, "00000000000000c4");
    await page.goto(`/dead-letters/${one}`);
    const single = page.locator("form", { has: page.getByRole("button", { name: "Give up" }) });
    await single.locator("input[name=reason]").fill("a test too");
    await single.locator("input[name=confirm]").fill("1");
    await single.getByRole("button").click();
    await done("The event is given up.");
  });

  test("show what events carry as text, on a phone, in German, without script", async () => {
    const [id = ""] = await bury(1, "00000000000000c5", { agent_id: hostile, note: hostile });
    await ours.engine.sql(
      "UPDATE dead_letters SET error_message = $1::text, error_class = $1::text, error_stack = $1::text, key = $1::text WHERE id = $2",
      [hostile, id],
    );
    const phone = await ours.open({
      locale: "de-DE",
      viewport: { width: 360, height: 740 },
      javaScriptEnabled: false,
    });
    for (const path of [
      "/dead-letters",
      "/dead-letters/list",
      "/dead-letters/groups/00000000000000c5",
      `/dead-letters/${id}`,
    ]) {
      const answer = await phone.goto(path);
      expect(answer?.status(), path).toBe(200);
      expect(await phone.locator("main img, main script").count(), path).toBe(0);
    }
    expect(await phone.locator("h1").textContent()).toBe(`Dead Letter ${id}`);
    await phone.getByRole("button", { name: "Probieren" }).first().click();
    // The payload does not fit its schema, so its handler is not called.
    await phone.getByText("Es würde ein Dead Letter.").waitFor();
    const faults = watchFaults(page);
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ["/dead-letters", `/dead-letters/${id}`, "/jobs", "/jobs/replay"]) {
      await page.goto(path);
      await expectFits(page);
      await expectAccessible(page);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(faults()).toEqual([]);
  });

  test("offer no change to whoever may only read", async () => {
    const [id = ""] = await bury(1, "00000000000000c6");
    const made = await ours.engine.request("POST", "/api/keys", { name: "reader", scopes: ["*:read"] });
    const reader = await ours.open({ key: made.body.key });
    for (const path of [`/dead-letters/${id}`, "/dead-letters/groups/00000000000000c6", "/jobs"]) {
      await reader.goto(path);
      expect(await reader.locator("main form[method=post]").count(), path).toBe(0);
    }
    await expectAccessible(reader);
  });
});

describe("a replay", () => {
  test("is chosen, counted, begun, paused, resumed and cancelled", async () => {
    const sent = await ours.engine.request("POST", "/api/events", {
      type: courseAccessGranted.type,
      tenant_id: "acme",
      payload: {
        course_id: "c-1",
        user_id: "u-1",
        tenant_id: "acme",
        payment_id: null,
        granted_at: "2026-11-26T10:00:00.000Z",
        reason: null,
      },
    });
    expect(sent.status, sent.text).toBe(202);
    await ours.engine.settle();
    await page.goto("/jobs");
    await page.getByRole("link", { name: "Start a replay" }).click();
    await page.locator("select[name=subscriber]").selectOption("course_access_notifications");
    await page.locator("select[name=mode]").selectOption("force");
    await page.locator("input[name=from]").fill("yesterday");
    await page.getByRole("button", { name: "Count" }).click();
    await page.locator(".message.bad").waitFor();
    expect(await wrongFields(page)).toEqual({ from: expect.stringContaining("from") });
    await page.locator("input[name=from]").fill("");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Count" }).click();
    await page.getByText("1 would be delivered.").waitFor();
    await expectAccessible(page);
    await page.locator("input[name=name]").fill("again please");
    await page.locator("input[name=reason]").fill("the receiver lost it");
    await page.locator("input[name=confirm]").evaluate((field) => field.removeAttribute("pattern"));
    await page.locator("input[name=confirm]").fill("2");
    await page.getByRole("button", { name: "Replay 1" }).click();
    await page.locator(".message.bad").first().waitFor();
    expect(await ours.engine.sql("SELECT FROM jobs WHERE name = 'again please'"), "the wrong count").toEqual(
      [],
    );
    // What was chosen is still there.
    await page.getByRole("button", { name: "Count" }).click();
    await page.locator("input[name=name]").fill("again please");
    await page.locator("input[name=reason]").fill("the receiver lost it");
    await page.locator("input[name=confirm]").fill("1");
    await page.getByRole("button", { name: "Replay 1" }).click();
    await page.waitForURL("**/jobs/replays/*");
    await done("The replay has begun.");
    await ours.engine.background();
    await ours.engine.cron();
    await page.getByText("1 / 1").waitFor();

    // One that is held where it stands.
    await ours.engine.request("POST", "/api/replays", {
      subscriber: "course_access_notifications",
      name: "slow",
      mode: "force",
      reason: "test",
      rate_per_second: 0.01,
    });
    const [job] = await ours.engine.sql<{ id: string }>("SELECT id::text FROM jobs WHERE name = 'slow'");
    await ours.engine.background();
    await ours.engine.sql("UPDATE jobs SET status = 'running', finished_at = NULL WHERE id = $1", [job?.id]);
    await page.goto(`/jobs/replays/${job?.id}`);
    const act = async (button: string, told: string) => {
      const form = page.locator("form", { has: page.getByRole("button", { name: button, exact: true }) });
      await form.locator("input[name=reason]").fill("as the test wants it");
      await form.getByRole("button").click();
      await done(told);
    };
    await act("Pause", "It is paused.");
    await act("Cancel for good", "It is cancelled.");
    expect(await page.locator("main form[method=post]").count()).toBe(0);
  });
});
