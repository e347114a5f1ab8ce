import { afterAll, beforeAll, expect, test } from "vitest";
import { raiseAlert } from "../../src/engine/alerts/alerts.ts";
import { charter, openStation, type Station } from "./server.ts";

let station: Station;
beforeAll(async () => {
  station = await openStation({});
});
afterAll(() => station?.cleanup());

async function run(...args: string[]): Promise<string> {
  const ran = await charter(station.url, ["alerts", ...args]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

test("charter alerts lists, shows, acknowledges and closes", async () => {
  expect(await run("ls")).toContain("There are no alerts.");
  await raiseAlert(station.open(), {
    kind: "missing_tick",
    subject: "cron",
    severity: "critical",
    message: "Cron did not come.",
    eventIds: ["e-1"],
  });
  const listed = await run("ls", "--severity", "critical");
  expect(listed).toMatch(/critical +open +missing_tick +cron/);
  const [, id = ""] = /^(\d+) /m.exec(listed) ?? [];
  expect(await run("ack", id, "--note", "on it")).toContain("is acknowledged");
  const shown = await run("show", id);
  expect(shown).toContain("e-1");
  expect(shown).toMatch(/acknowledged by .*: on it/);
  expect(await run("close", id, "--reason", "cron runs")).toContain("is closed");
  expect(await run("ls")).toContain("There are no alerts.");
  expect(await run("ls", "--all")).toContain("closed");
});
