import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { keepTold, type Told, takeTold } from "./told.ts";

/** Browsers drop what is longer, name and attributes not counted by all of them; nobody is told. */
const maxCookie = 4_096;

async function overRedirect(told: Told): Promise<{ readonly cookie: string; readonly read: Told | null }> {
  const app = new Hono()
    .get("/keep", (c) => {
      keepTold(c, "/", told);
      return c.text("kept");
    })
    .get("/take", (c) => c.json(takeTold(c, "/")));
  const kept = await app.request("/keep");
  const [cookie = ""] = kept.headers.getSetCookie();
  const taken = await app.request("/take", { headers: { cookie: cookie.split(";")[0] ?? "" } });
  return { cookie, read: (await taken.json()) as Told | null };
}

describe("what a change ended with", () => {
  test.each([
    "The refund is declined.",
    "Die Erstattung ist abgelehnt: 50 % für „Ömer“ \\ 100%25; a=b, c",
    "",
    "x".repeat(600),
  ])("comes back as it was: %j", async (text) => {
    const requestId = crypto.randomUUID();
    expect((await overRedirect({ text, requestId })).read).toEqual({ text, requestId });
    expect((await overRedirect({ text, requestId: null })).read).toEqual({ text, requestId: null });
  });

  test.each([
    ["of letters that are three bytes", "漢".repeat(600)],
    ["of signs that are escaped", '"\\%'.repeat(300)],
    ["of emoji", "🦄".repeat(600)],
    ["of halves of emoji", "\ud83e".repeat(600)],
    ["of control characters", "\u0001".repeat(600)],
    ["that is very long", "An answer of an API. ".repeat(5_000)],
  ])("is shortened until a browser keeps it: a text %s", async (_what, text) => {
    const requestId = crypto.randomUUID();
    const { cookie, read } = await overRedirect({ text, requestId });
    expect(cookie.length).toBeLessThan(maxCookie);
    expect(read?.requestId).toBe(requestId);
    expect(read?.text.length).toBeGreaterThan(100);
    expect(text.toWellFormed().startsWith(read?.text.replace(/…$/, "") ?? "nothing")).toBe(true);
    expect(read?.text.endsWith("…")).toBe(true);
  });

  test("is told without the id of a request that no cookie could hold", async () => {
    const { cookie, read } = await overRedirect({ text: "It is done.", requestId: "x".repeat(9_000) });
    expect(cookie.length).toBeLessThan(maxCookie);
    expect(read).toEqual({ text: "It is done.", requestId: null });
  });
});
