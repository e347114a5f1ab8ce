import { Hono } from "hono";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createConsole } from "../../src/console/index.ts";
import { routes } from "../../src/console/routes.ts";
import { testApiKey } from "../backbone.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { hangMs } from "../wait-for.ts";

/* The console in somebody else's app, below a path, without a browser. */

const site = "http://127.0.0.1";
let engine: TestEngine;
let app: Hono;
let cookie = "";
let csrfToken = "";

beforeAll(async () => {
  engine = await createTestEngine();
  app = new Hono()
    .get("/", (c) => c.text("their own"))
    .route("/ops", createConsole({ api: (request) => engine.app.fetch(request), base: "/ops" }));
  const answer = await post("/ops/sign-in", { key: testApiKey, return_to: "/ops/alerts" });
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/ops/alerts");
  cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const page = await text("/ops/alerts");
  csrfToken = /name="csrf_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
});

const look = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  app.request(`${site}${path}`, { headers: { cookie, ...headers } });
const text = async (path: string) => (await look(path)).text();

function post(
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) {
  return app.request(`${site}${path}`, {
    method: "POST",
    headers: { cookie, origin: site, ...headers },
    body: new URLSearchParams(fields),
  });
}

describe("below a path of another app", () => {
  test("every link, form and asset of a page stays below it", async () => {
    const page = await text("/ops/alerts");
    const targets = [...page.matchAll(/\s(?:href|action|src)="([^"]*)"/g)].map(([, target]) => target ?? "");
    expect(targets.length).toBeGreaterThan(10);
    for (const target of targets) expect(target).toMatch(/^(?:\/ops(?:\/|$)|#|data:)/);
    for (const [, asset] of page.matchAll(/"(\/ops\/assets\/[^"]+)"/g)) {
      const answer = await look(asset ?? "");
      expect(answer.status, asset).toBe(200);
    }
  });

  test("documents of the events come through it, to who may read them", async () => {
    expect(await text("/ops/catalog")).toContain('href="/ops/documents/asyncapi.json"');
    for (const path of ["asyncapi.json", "schemas/system.health/1.json"]) {
      expect((await look(`/ops/documents/${path}`)).status, path).toBe(200);
      expect((await look(`/ops/documents/${path}`, { cookie: "" })).status, path).toBe(401);
    }
    expect((await look("/ops/documents/schemas/system.health/..%2f..%2fapi")).status).toBe(404);
  });

  test("what is not the console's stays the app's", async () => {
    expect(await text("/")).toBe("their own");
    expect((await look("/alerts")).status).toBe(404);
  });

  test("without a session it leads to the form, which leads back", async () => {
    const answer = await look("/ops/alerts?state=all", { cookie: "" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/ops/sign-in?return_to=%2Fops%2Falerts%3Fstate%3Dall");
  });
});

describe("whatever comes in", () => {
  test("each page without a credential is the form, and never a part of the page", async () => {
    for (const { path } of routes) {
      const asked = path === "/" ? "/ops" : `/ops${path.replaceAll(/:[a-z_]+/gi, "1")}`;
      const answer = await look(asked, { cookie: "" });
      expect(answer.status, path).toBe(303);
      expect(answer.headers.get("location"), path).toContain("/ops/sign-in");
      expect(await answer.text()).toBe("");
    }
  });

  test("cookies that hold anything else than ours change nothing", async () => {
    for (const value of [
      "%00",
      "<script>",
      "../../etc",
      "Europe/Nowhere",
      "%E0%A4%A",
      "null",
      "[1]",
      "x".repeat(3_000),
    ]) {
      const hostile = ["brain_zone", "brain_language", "brain_theme", "brain_told"].map(
        (name) => `${name}=${value}`,
      );
      const answer = await look("/ops/alerts", { cookie: [cookie, ...hostile].join("; ") });
      expect(answer.status, value).toBe(200);
      expect(await answer.text()).not.toContain("<script>");
    }
  });

  test("languages of a browser that make no sense are English", async () => {
    for (const languages of ["", "*", ";;;q=", "xx-YY;q=1, de;q=0"]) {
      const answer = await look("/ops/alerts", { "accept-language": languages });
      expect(await answer.text(), languages).toContain('<html lang="en"');
    }
  });

  test("a form of a megabyte is not read", async () => {
    const answer = await post("/ops/alerts/1", { _action: "close", reason: "x".repeat(1_000_000) });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain("more than 256 KiB");
  });

  /** A form that comes in pieces, whose length nobody tells. */
  const postStream = (
    start: (controller: ReadableStreamDefaultController<Uint8Array>) => void,
    origin = site,
  ) =>
    app.request(`${site}/ops/alerts/1`, {
      method: "POST",
      headers: { cookie, origin, "content-type": "application/x-www-form-urlencoded" },
      body: new ReadableStream<Uint8Array>({ start }),
      duplex: "half",
    } as RequestInit);

  test("a form that comes in pieces ends at 256 KiB, or when it breaks off", async () => {
    const piece = new Uint8Array(100_000).fill(97);
    const endless = await postStream((controller) => {
      for (let count = 0; count < 3; count += 1) controller.enqueue(piece);
    });
    expect(endless.status).toBe(413);
    expect(await endless.text()).toContain("more than 256 KiB");
    const broken = await postStream((controller) => controller.error(new Error("gone")));
    expect(broken.status).toBe(400);
    expect(await broken.text()).toContain("broke off");
  });

  test("a form that does not come to its end holds its request for 15 s, and of another site not at all", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const never = (controller: ReadableStreamDefaultController<Uint8Array>) =>
        controller.enqueue(new TextEncoder().encode("_action=close"));
      expect((await postStream(never, "https://elsewhere.example")).status).toBe(403);
      const slow = postStream(never);
      await vi.waitUntil(() => vi.getTimerCount() > 0, { timeout: hangMs, interval: 5 });
      await vi.advanceTimersByTimeAsync(15_000);
      const answer = await slow;
      expect(answer.status).toBe(408);
      expect(await answer.text()).toContain("came too slowly");
    } finally {
      vi.useRealTimers();
    }
  });

  test.each(["https://elsewhere.example", "null", ""])(
    "a form of the origin %j is refused in words, wherever a form is taken",
    async (origin) => {
      for (const path of ["/ops/alerts/1", "/ops/sign-in", "/ops/sign-out", "/ops/preferences"]) {
        const answer = await post(path, { _action: "close", theme: "dark" }, { origin });
        expect(answer.status, path).toBe(403);
        expect(answer.headers.getSetCookie(), path).toEqual([]);
        expect(answer.headers.get("content-security-policy"), path).toContain("default-src 'none'");
        const page = await answer.text();
        expect(page, path).toContain("The form came from another site");
        expect(page, path).toContain("<h1>That did not work</h1>");
      }
    },
  );

  test("a form that the page does not have is refused in words", async () => {
    for (const action of ["nothing", "__proto__", "constructor", ""]) {
      const answer = await post("/ops/alerts", { _action: action, csrf_token: csrfToken });
      expect(answer.status, action).toBe(422);
      expect(await answer.text()).toContain("This page has no form");
    }
  });

  test("a key that can be no key is refused in words, and reaches no header and no log", async () => {
    for (const key of ["brk_\u0000", "brk_a\nb", "\u202ebrk_key", "ключ", " ", "x".repeat(2_000)]) {
      const answer = await post("/ops/sign-in", { key, return_to: "/ops" });
      expect(answer.status, key).toBe(401);
      expect(await answer.text()).toContain("This key is not valid.");
    }
  });

  test("a session that ends before a form is sent leads back to the page of the form", async () => {
    const answer = await post("/ops/alerts/1", { _action: "close", reason: "seen" }, { cookie: "" });
    expect(answer.headers.get("location")).toBe("/ops/sign-in?return_to=%2Fops%2Falerts%2F1&unsent=1");
    const shown = await look(answer.headers.get("location") ?? "", { cookie: "" });
    expect(await shown.text()).toContain("what you sent was not done");
    const without = await look("/ops/sign-in?return_to=%2Fops%2Falerts%2F1", { cookie: "" });
    expect(await without.text()).not.toContain("what you sent was not done");
  });

  test("live events without a session are refused, and are no fault of ours", async () => {
    expect((await look("/ops/live", { cookie: "" })).status).toBe(401);
  });

  test("the form to sign in is there while the API does not answer", async () => {
    const away = createConsole({ api: () => new Response("", { status: 503 }) });
    const answer = await away.request(`${site}/sign-in`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('name="key"');
  });

  test("what was typed is kept where a form was sent and nothing answers, and is sent again from there", async () => {
    let isAway = true;
    const ours = createConsole({
      api: (request) => (isAway ? new Response("", { status: 503 }) : engine.app.fetch(request)),
      base: "/ops",
    });
    const send = (fields: URLSearchParams) =>
      ours.request(`${site}/settings/tenants`, {
        method: "POST",
        headers: { cookie, origin: site },
        body: fields,
      });
    const typed = {
      _action: "limits",
      _key: crypto.randomUUID(),
      csrf_token: csrfToken,
      tenant: "kept-while-away",
      reason: 'they "pay" <more>',
      weight: "7",
    };
    const answer = await send(new URLSearchParams(typed));
    expect(answer.status).toBe(503);
    const page = await answer.text();
    const [, form = ""] = /<form method="post" action="\/settings\/tenants">(.*?)<\/form>/s.exec(page) ?? [];
    const plain = (html: string) =>
      html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"');
    const kept = [...form.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
      name,
      plain(value),
    ]);
    expect(Object.fromEntries(kept)).toEqual(typed);
    expect(page).toContain("Send it again");
    // Control: whoever only looks is offered to look again.
    const looked = await ours.request(`${site}/settings/tenants`, { headers: { cookie } });
    expect(looked.status).toBe(503);
    expect(await looked.text()).not.toContain("Send it again");
    isAway = false;
    const sent = await send(new URLSearchParams(kept));
    expect(sent.status).toBe(303);
    expect(await text("/ops/settings/tenants")).toContain("kept-while-away");
  });

  test("nobody is sent to another site", async () => {
    for (const target of [
      "//evil.example",
      "/\\evil.example",
      "https://evil.example",
      "javascript:alert(1)",
      "/ok\nx: y",
    ]) {
      const answer = await post("/ops/preferences", { language: "de", return_to: target });
      expect(answer.headers.get("location"), target).toBe("/ops");
    }
  });

  test("a page is in no frame, in no cache, and runs nothing inline", async () => {
    const { headers } = await look("/ops/alerts");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
    const page = await text("/ops/alerts");
    expect(page).not.toMatch(/\son[a-z]+=|\sstyle=|<style|<script(?![^>]*\ssrc=)/);
  });

  test("an asset that is not there is 404, also by the names of objects", async () => {
    for (const name of ["constructor", "__proto__", "console.js", "..%2fassets.ts"])
      expect((await look(`/ops/assets/${name}`)).status, name).toBe(404);
  });
});

describe("a path on which nothing is", () => {
  const asked = (path: string, accept: string) =>
    engine.app.request(`${site}${path}`, { headers: { accept } });

  test("is a page for a browser, signed in or not, in its language, under the same policy as all pages", async () => {
    const answer = await asked("/no<b>pe", "text/html,application/xhtml+xml,*/*;q=0.8");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    const page = await answer.text();
    expect(page).toContain("There is no such page");
    expect(page).toContain('href="/"');
    expect(page).not.toContain("<b>");
  });

  test.each([
    ["a program", "/nope", "*/*", "not_found"],
    ["a program that takes JSON", "/nope", "application/json", "not_found"],
    ["a program that would take a page, too", "/nope", "application/json, text/html;q=0.1", "not_found"],
    ["a browser that looks at the API", "/api/nope", "text/html", "unauthorized"],
  ])("is JSON for %s", async (_who, path, accept, code) => {
    expect(await (await asked(path, accept)).json()).toMatchObject({ error: { code } });
  });

  test("below the path of another app, that app answers", async () => {
    expect((await look("/ops/nope", { accept: "text/html" })).headers.get("content-type")).toContain(
      "text/plain",
    );
  });
});
