import { expect, onTestFinished, test } from "vitest";
import { routes } from "../../src/console/routes.ts";
import { testApiKey } from "../backbone.ts";
import { createTestEngine } from "../engine.ts";
import { createMeter } from "../round-trips/measure.ts";

/*
 * What a page costs, all its calls to the API together: each call to a store is one round trip, also those that are made
 * at once. Pages of one thing are asked with an id that is not there, and by the tests of each part with one that is.
 */

const maxRoundTrips = 6;

test("no page makes more than 6 round trips to the stores", async () => {
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => meter.env(sandbox));
  onTestFinished(() => engine.cleanup());
  const site = "http://127.0.0.1";
  const opened = await engine.app.request(`${site}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testApiKey}` },
  });
  const cookie = opened.headers.getSetCookie().map((line) => line.split(";")[0])[0] ?? "";
  const look = (path: string) => engine.app.request(`${site}${path}`, { headers: { cookie } });
  await look("/alerts");
  for (const { path } of routes) {
    const asked = path.replaceAll(/:[a-z_]+/gi, "1");
    const calls = await meter.callsOf(async () => {
      const answer = await look(asked);
      const text = await answer.text();
      expect([200, 404, 422], `${asked}: ${text}`).toContain(answer.status);
      await engine.background();
    });
    expect(
      calls.length,
      `${asked}: ${calls.map(({ to, what }) => `${to} ${what}`).join("; ")}`,
    ).toBeLessThanOrEqual(maxRoundTrips);
  }
});
