import { describe, expect, test } from "vitest";
import { isView, referrerCategory } from "./visit.ts";

const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

describe("isView", () => {
  test("counts a browser, and a request that names nothing", () => {
    expect(isView("GET", new Headers({ "user-agent": browser }), "page")).toBe(true);
    expect(isView("GET", new Headers(), "page")).toBe(true);
    expect(isView("GET", new Headers({ "user-agent": browser }), "json")).toBe(true);
  });

  test("does not count HEAD", () => {
    expect(isView("HEAD", new Headers({ "user-agent": browser }), "page")).toBe(false);
  });

  test.each([
    ["sec-purpose", "prefetch"],
    ["sec-purpose", "prefetch;prerender"],
    ["purpose", "prefetch"],
    ["x-purpose", "preview"],
  ])("does not count a request with %s: %s", (name, value) => {
    expect(isView("GET", new Headers({ "user-agent": browser, [name]: value }), "page")).toBe(false);
  });

  test.each([
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "facebookexternalhit/1.1",
    "Twitterbot/1.0",
    "Mozilla/5.0 (compatible; Baiduspider/2.0)",
  ])("does not count %s", (agent) => {
    expect(isView("GET", new Headers({ "user-agent": agent }), "page")).toBe(false);
    expect(isView("GET", new Headers({ "user-agent": agent }), "json")).toBe(false);
  });

  test.each(["curl/8.5.0", "Wget/1.21.3", "python-requests/2.32.0", "Go-http-client/2.0"])(
    "counts %s where it reads the JSON, which is made for programs, and not the page",
    (agent) => {
      expect(isView("GET", new Headers({ "user-agent": agent }), "json")).toBe(true);
      expect(isView("GET", new Headers({ "user-agent": agent }), "page")).toBe(false);
      expect(isView("HEAD", new Headers({ "user-agent": agent }), "json")).toBe(false);
    },
  );

  test("counts a phone whose maker's name ends in bot-like letters", () => {
    expect(
      isView(
        "GET",
        new Headers({ "user-agent": "Mozilla/5.0 (Linux; Android 14; Cubot_X70) Mobile" }),
        "page",
      ),
    ).toBe(true);
  });
});

describe("referrerCategory", () => {
  const own = ["courses.example", "127.0.0.1:8787"];

  test.each([
    [null, "direct"],
    ["", "direct"],
    ["not a url", "direct"],
    ["https://www.google.de/", "organic_search"],
    ["https://duckduckgo.com/?q=secret+words", "organic_search"],
    ["https://www.bing.com/", "organic_search"],
    ["https://www.linkedin.com/feed/", "social"],
    ["https://t.co/abc", "social"],
    ["https://courses.example/api/courses/public/x", "internal"],
    ["http://127.0.0.1:8787/", "internal"],
    ["http://127.0.0.1:9999/", "other"],
    ["https://blog.example.org/post", "other"],
    ["https://not-google.example/", "other"],
    ["https://netflix.com/", "other"],
  ])("puts %j under %s", (referrer, category) => {
    expect(referrerCategory(referrer, own)).toBe(category);
  });
});
