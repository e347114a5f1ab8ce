import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { testApiKey } from "../backbone.ts";
import { createTestEngine } from "../engine.ts";
import { createMeter } from "../round-trips/measure.ts";

/* What the pages of events weigh and cost, where there is something to show. */

async function openPages() {
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => meter.env(sandbox));
  onTestFinished(() => engine.cleanup());
  const site = "http://127.0.0.1";
  const opened = await engine.app.request(`${site}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testApiKey}` },
  });
  const cookie = opened.headers.getSetCookie().map((line) => line.split(";")[0])[0] ?? "";
  const look = async (path: string) => {
    const answer = await engine.app.request(`${site}${path}`, { headers: { cookie } });
    return { status: answer.status, text: await answer.text() };
  };
  return { meter, engine, look };
}

async function fill({ engine }: Awaited<ReturnType<typeof openPages>>, count: number, story: string) {
  const events = Array.from({ length: count }, (_, place) => ({
    id: randomUUID(),
    type: place % 2 === 0 ? "agent.online" : "agent.heartbeat",
    tenant_id: `tenant-${place % 7}`,
    correlation_id: story,
    payload:
      place % 2 === 0
        ? { agent_id: randomUUID(), details: { note: "x".repeat(300) } }
        : { agent_id: randomUUID(), tasks_completed: place, tasks_failed: 0 },
  }));
  const reply = await engine.request("POST", "/api/events/batch", events);
  expect(reply.body).toMatchObject({ accepted: count });
  return events.map(({ id }) => id);
}

test("a page of 1,000 events stays below 300 KB, and none makes more than 6 round trips", async () => {
  const pages = await openPages();
  const { meter, engine, look } = pages;
  const story = `story-${randomUUID()}`;
  const [first] = await fill(pages, 1_000, story);
  await engine.settle();
  const { text, status } = await look("/events?limit=1000");
  expect(status).toBe(200);
  expect(text.split("<tr>").length - 1).toBeGreaterThanOrEqual(1_000);
  expect(text.length).toBeLessThan(300_000);

  const [entry] = await fill(pages, 1, story);
  for (const path of [
    "/events?limit=1000",
    "/events?q=type:agent.*+tenant:tenant-1+since:1h",
    `/events/${first}`,
    `/events/${entry}`,
    `/stories/${story}`,
    `/stories/${story}?view=tree`,
    `/events?q=${first}`,
    `/events?q=${story}`,
    "/entries/1",
  ]) {
    const calls = await meter.callsOf(async () => {
      const answer = await look(path);
      expect([200, 303, 404], `${path}: ${answer.text}`).toContain(answer.status);
      await engine.background();
    });
    expect(
      calls.length,
      `${path}: ${calls.map(({ to, what }) => `${to} ${what}`).join("; ")}`,
    ).toBeLessThanOrEqual(6);
  }
});

test("a long story is shown in parts", async () => {
  const pages = await openPages();
  const story = `story-${randomUUID()}`;
  await fill(pages, 201, story);
  const { text } = await pages.look(`/stories/${story}`);
  expect(text.split("/events/").length - 1).toBe(200);
  expect(text).toContain("limit=500");
  expect(text.length).toBeLessThan(300_000);
  const whole = await pages.look(`/stories/${story}?limit=500`);
  expect(whole.text.split("/events/").length - 1).toBe(201);
  expect(whole.text).not.toContain("limit=1000");
});

test("a text of many characters is drawn in part, and the raw text has all of it", async () => {
  const { engine, look } = await openPages();
  const id = randomUUID();
  const payload = { agent_id: "a", details: { note: "x".repeat(50_000) } };
  const reply = await engine.request("POST", "/api/events/batch", [{ id, type: "agent.online", payload }]);
  expect(reply.body).toMatchObject({ accepted: 1 });
  const { text } = await look(`/events/${id}`);
  const runs = [...text.matchAll(/x{1000,}/g)].map(([run]) => run.length);
  expect(runs).toContain(50_000);
  expect(runs.filter((length) => length !== 50_000)).toEqual([2_000]);
  expect(text).toContain("… 48000");
});
