import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApiKey } from "../backbone.ts";
import { waitFor } from "../wait-for.ts";
import {
  type ConsoleUnderTest,
  createConsoleUnderTest,
  expectAccessible,
  expectFits,
  signIn,
  watchFaults,
} from "./console.ts";

let ours: ConsoleUnderTest;
beforeAll(async () => {
  ours = await createConsoleUnderTest();
});
afterAll(() => ours?.close());

const cookiesOf = async (page: Page) => (await page.context().cookies()).map(({ name }) => name).sort();

test("the menu of a low window scrolls for whoever has no mouse", async () => {
  const page = await ours.open({ viewport: { width: 1_280, height: 300 } });
  await page.goto("/alerts");
  await expectAccessible(page);
  const last = page.locator("#menu nav a").last();
  await last.focus();
  const box = await last.boundingBox();
  expect((box?.y ?? 300) + (box?.height ?? 0)).toBeLessThanOrEqual(300);
});

test.each(["en-GB", "de-DE"])(
  "the menu of a window 700 px high shows all that it has, in %s",
  async (locale) => {
    const page = await ours.open({ viewport: { width: 1_280, height: 700 }, locale });
    await page.goto("/alerts");
    const last = page.locator("#menu button").last();
    await last.waitFor();
    const box = await last.boundingBox();
    expect((box?.y ?? 700) + (box?.height ?? 0)).toBeLessThanOrEqual(700);
    await expectAccessible(page);
  },
);

test.each(["/consumers", "/settings", "/settings/sessions", "/catalog"])(
  "a window 640 px wide has all of each table in sight, without scrolling sideways: %s",
  async (path) => {
    const page = await ours.open({ viewport: { width: 640, height: 700 } });
    await page.goto(path);
    await page.locator("tbody tr").first().waitFor();
    await expectFits(page);
  },
);

test("a name is not broken within a word where there is room", async () => {
  const page = await ours.open();
  await page.goto("/settings/sessions");
  const lines = await page.evaluate<number>(`(() => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector("tbody td.name"));
    return new Set([...range.getClientRects()].map(({ top }) => top)).size;
  })()`);
  expect(await page.locator("tbody td.name").first().textContent()).toBe("BRAIN_API_KEY");
  expect(lines).toBe(1);
});

test.each([390, 1280])("in a window %i px wide the button that copies covers nothing", async (width) => {
  const page = await ours.open({ viewport: { width, height: 700 } });
  await page.goto("/settings/webhooks");
  const button = await page.locator(".copy button").boundingBox();
  const text = await page.locator(".copy pre").boundingBox();
  const isBeside = (button?.x ?? 0) >= (text?.x ?? 0) + (text?.width ?? 0);
  const isBelow = (button?.y ?? 0) >= (text?.y ?? 0) + (text?.height ?? 0);
  expect({ button, text, apart: isBeside || isBelow }).toMatchObject({ apart: true });
});

describe("signing in", () => {
  test("a page asks for it, and is shown behind it", async () => {
    const page = await ours.open({ key: null });
    await page.goto("/alerts?state=all");
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await expectAccessible(page);
    await page.locator("input[name=key]").fill(testApiKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/alerts?state=all");
    expect(await page.locator("h1").textContent()).toBe("Alerts");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in");
    expect(await cookiesOf(page)).not.toContain("brain_session");
    await page.goto("/alerts");
    expect(new URL(page.url()).pathname).toBe("/sign-in");
  });

  test("a wrong key is refused in words, and nothing leads to another site", async () => {
    const page = await ours.open({ key: null });
    await page.goto("/sign-in?return_to=//evil.example/");
    await page.locator("input[name=key]").fill("brk_not_a_key");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This key is not valid.").waitFor();
    await page.locator("input[name=key]").fill(testApiKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${ours.origin}/`);
  });

  test("the key behind # of a link is filled in, and leaves the address", async () => {
    const page = await ours.open({ key: null });
    await page.goto(`/sign-in#key=${testApiKey}`);
    await page.waitForURL(`${ours.origin}/sign-in`);
    expect(await page.locator("input[name=key]").inputValue()).toBe(testApiKey);
  });

  test("so it is where the form is shown already, and the browser loads nothing anew", async () => {
    const page = await ours.open({ key: null });
    await page.goto("/sign-in");
    await page.locator("input[name=key]").fill("a wrong one");
    await page.goto(`/sign-in#key=${testApiKey}`);
    await page.waitForURL(`${ours.origin}/sign-in`);
    expect(await page.locator("input[name=key]").inputValue()).toBe(testApiKey);
  });

  test("works without client script", async () => {
    const page = await ours.open({ javaScriptEnabled: false });
    await page.goto("/alerts");
    expect(await page.locator("h1").textContent()).toBe("Alerts");
  });
});

describe("the shell", () => {
  test("runs nothing but its own script, and its answers say so", async () => {
    const page = await ours.open();
    const faults = watchFaults(page);
    const answer = await page.goto("/");
    const policy = answer?.headers()["content-security-policy"] ?? "";
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(faults()).toEqual([]);
    const asset = await page.request.get((await page.locator("script[src]").getAttribute("src")) ?? "");
    expect(asset.headers()["cache-control"]).toContain("immutable");
  });

  test("is reached by keyboard", async () => {
    const page = await ours.open();
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.waitForURL("**/alerts");
    await page.keyboard.press("/");
    expect(await page.evaluate("document.activeElement?.id")).toBe("search");
    await page.keyboard.press("Escape");
    await page.locator("h1").click();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  });

  test("speaks German to whoever prefers it, and what is chosen stays", async () => {
    const page = await ours.open({ locale: "de-DE" });
    await page.goto("/alerts");
    expect(await page.locator("h1").textContent()).toBe("Alarme");
    await page.locator("select[name=language]").selectOption("en");
    await page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor();
    await page.locator("select[name=theme]").selectOption("dark");
    await page.waitForFunction("document.documentElement.dataset.theme === 'dark'");
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(20, 23, 28)");
  });

  test("fits a phone, where the pages are behind a button", async () => {
    const page = await ours.open({ viewport: { width: 360, height: 700 } });
    await page.goto("/alerts");
    await expectFits(page);
    await page.getByText("Menu").click();
    await page.getByRole("link", { name: "Consumers" }).waitFor();
    await expectAccessible(page);
  });

  test("on a phone nothing that has the focus is covered: the menu closes by Esc and behind its last link, the bar on top leaves room", async () => {
    const page = await ours.open({ viewport: { width: 390, height: 700 } });
    await page.goto("/settings");
    const menu = page.locator("#menu");
    const isOpen = () => page.evaluate<boolean>("document.querySelector('#menu').open");
    await menu.locator("summary").press("Enter");
    await page.keyboard.press("Tab");
    expect(await isOpen()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await isOpen()).toBe(false);
    expect(await page.evaluate("document.activeElement?.tagName")).toBe("SUMMARY");
    await page.keyboard.press("Enter");
    await menu.getByRole("button", { name: "Sign out" }).focus();
    await page.keyboard.press("Tab");
    expect(await isOpen()).toBe(false);
    const link = page.locator("main a[href^='#']").first();
    await link.press("Enter");
    const [top, bar] = await page.evaluate<[number, number]>(`[
      document.querySelector(location.hash).getBoundingClientRect().top,
      document.querySelector("header").getBoundingClientRect().bottom]`);
    expect(top).toBeGreaterThanOrEqual(bar);
  });
});

describe("a page that renews itself", () => {
  const stale = (page: Page) => page.locator("#stale");
  /** Its clock goes on until it says this; empty: nothing. */
  const says = (page: Page, text: string) =>
    waitFor(
      `"${text}"`,
      async () => {
        await page.clock.fastForward("00:30");
        return (await stale(page).isVisible()) ? await stale(page).textContent() : "";
      },
      (shown) => (text === "" ? shown === "" : shown?.includes(text) === true),
    );

  test("says when nothing comes any more, and is silent again when something does", async () => {
    const page = await ours.open();
    await page.clock.install();
    await page.goto("/consumers");
    const renewed = page.waitForResponse("**/consumers");
    await says(page, "");
    await renewed;
    expect(await stale(page).isVisible()).toBe(false);
    for (const broken of ["abort", "503", "silent"]) {
      await page.route("**/consumers", (route) => {
        if (broken === "abort") return route.abort();
        return broken === "503" ? route.fulfill({ status: 503, body: "" }) : undefined;
      });
      await says(page, "Not up to date: the server does not answer.");
      if (broken === "abort") await expectAccessible(page);
      await page.unroute("**/consumers");
      await says(page, "");
    }
  });

  test("says when nobody is signed in any more", async () => {
    const page = await ours.open();
    await page.clock.install();
    await page.goto("/consumers");
    await page.context().clearCookies();
    await says(page, "you are not signed in any more");
  });
});

test("on paper it is dark on light, without what can only be used on a screen", async () => {
  const page = await ours.open({ colorScheme: "dark" });
  for (const path of ["/", "/events", "/settings/tenants"]) {
    await page.goto(path);
    const seen = () =>
      page.evaluate<readonly [string, number]>(`[getComputedStyle(document.body).backgroundColor,
        [...document.querySelectorAll("form, button, .actions")].filter((one) => one.offsetParent !== null).length]`);
    // Control: on the screen it is dark, and there are forms.
    expect(await seen(), path).toEqual([expect.not.stringContaining("255, 255, 255"), expect.any(Number)]);
    expect((await seen())[1], path).toBeGreaterThan(0);
    await page.emulateMedia({ media: "print" });
    expect(await seen(), path).toEqual(["rgb(255, 255, 255)", 0]);
    expect(await page.locator("main h1").isVisible()).toBe(true);
    await page.emulateMedia({ media: "screen" });
  }
});

test("a form from another site changes nothing", async () => {
  const page = await ours.open();
  const answer = await page.request.post("/alerts/1", {
    form: { _action: "close", reason: "mine" },
    headers: { origin: "https://evil.example" },
  });
  expect(answer.status()).toBe(403);
  expect(await answer.text()).not.toContain("CSRF token");
});

test("control: with its own origin the same form reaches the page, and lacks the token", async () => {
  const page = await ours.open();
  const answer = await page.request.post("/alerts/1", {
    form: { _action: "close", reason: "mine" },
    headers: { origin: ours.origin },
  });
  expect(answer.status()).toBe(403);
  expect(await answer.text()).toContain("CSRF token");
});

test("whoever signs in again has another session", async () => {
  const page = await ours.open();
  const before = (await page.context().cookies()).find(({ name }) => name === "brain_session")?.value;
  await signIn(page, testApiKey);
  const after = (await page.context().cookies()).find(({ name }) => name === "brain_session")?.value;
  expect(after).not.toBe(before);
});
