import { expect, onTestFinished, test } from "vitest";
import { testApiKey } from "../backbone.ts";
import { plantLetters } from "../engine/operations/bulk-fixture.ts";
import { createTestEngine } from "../engine.ts";
import { createMeter } from "../round-trips/measure.ts";

/* What the pages of one dead letter, of its group and of a try cost, with something to show. */

test("no page of dead letters makes more than 6 round trips to the stores", async () => {
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => meter.env(sandbox));
  onTestFinished(() => engine.cleanup());
  const fingerprint = "00000000000000d1";
  const [id] = await plantLetters(engine, [
    { subscriber: "agents", type: "agent.heartbeat", fingerprint, key: "rover" },
    { subscriber: "agents", type: "agent.heartbeat", fingerprint, key: "rover" },
  ]);
  const site = "http://127.0.0.1";
  const opened = await engine.app.request(`${site}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testApiKey}` },
  });
  const cookie = opened.headers.getSetCookie().map((line) => line.split(";")[0])[0] ?? "";
  for (const path of [
    `/dead-letters/${id}`,
    `/dead-letters/groups/${fingerprint}`,
    "/dead-letters/list",
    "/jobs",
  ]) {
    await engine.app.request(`${site}/alerts`, { headers: { cookie } });
    const calls = await meter.callsOf(async () => {
      const answer = await engine.app.request(`${site}${path}`, { headers: { cookie } });
      expect(answer.status, await answer.text()).toBe(200);
      await engine.background();
    });
    const what = calls.map((call) => `${call.to} ${call.what}`).join("; ");
    expect(calls.length, `${path}: ${what}`).toBeLessThanOrEqual(6);
  }
});
