import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConsoleUnderTest, createConsoleUnderTest, expectAccessible } from "./console.ts";

let ours: ConsoleUnderTest;
beforeAll(async () => {
  ours = await createConsoleUnderTest();
});
afterAll(() => ours?.close());

const isHelpOpen = (page: Page) => page.evaluate<boolean>("document.querySelector('dialog#keys').open");
const focused = (page: Page) =>
  page.evaluate<string>("document.activeElement.name || document.activeElement.id");

/** Presses every shortcut, and tells what happened. */
async function pressShortcuts(page: Page): Promise<{ path: string; focus: string; help: boolean }> {
  await page.keyboard.press("/");
  const focus = await focused(page);
  await page.evaluate("document.activeElement.blur()");
  await page.keyboard.press("?");
  const help = await isHelpOpen(page);
  if (help) await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  // A link of the page: what the keys began has been carried out before it.
  await page.evaluate("new Promise((done) => setTimeout(done, 0))").catch(() => undefined);
  await page.waitForLoadState();
  return { path: new URL(page.url()).pathname, focus, help };
}

describe("shortcuts of single keys", () => {
  test("are switched off in the menu, stay off, and are switched on again there", async () => {
    const page = await ours.open();
    await page.goto("/consumers");
    const shortcuts = page.locator("#menu select[name=shortcuts]");
    expect(await shortcuts.inputValue()).toBe("on");
    await shortcuts.selectOption("off");
    await page.waitForFunction("document.body.dataset.shortcuts === 'off'");
    expect(new URL(page.url()).pathname).toBe("/consumers");
    expect(await page.locator("#search").getAttribute("aria-keyshortcuts")).toBeNull();
    expect(await pressShortcuts(page)).toEqual({ path: "/consumers", focus: "", help: false });
    await page.goto("/events");
    expect(await shortcuts.inputValue()).toBe("off");
    await shortcuts.selectOption("on");
    await page.waitForFunction("document.body.dataset.shortcuts === undefined");
    expect(await page.locator("#search").getAttribute("aria-keyshortcuts")).toBe("/");
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.waitForURL("**/alerts");
  });

  test("their help says how they stand, has the switch, and is opened by a button where they are off", async () => {
    const page = await ours.open();
    await page.goto("/consumers");
    const help = page.locator("dialog#keys");
    await page.keyboard.press("?");
    await expectAccessible(page);
    await help.getByRole("button", { name: "Switch the shortcuts off" }).press("Enter");
    await page.waitForFunction("document.body.dataset.shortcuts === 'off'");
    expect(await isHelpOpen(page)).toBe(false);
    await page.keyboard.press("?");
    expect(await isHelpOpen(page)).toBe(false);
    await page.getByRole("button", { name: "Keyboard" }).press("Enter");
    expect(await help.textContent()).toContain("They are switched off in this browser.");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    expect(await isHelpOpen(page)).toBe(false);
    await page.getByRole("button", { name: "Keyboard" }).press("Enter");
    await help.getByRole("button", { name: "Switch the shortcuts on" }).press("Enter");
    await page.waitForFunction("document.body.dataset.shortcuts === undefined");
  });

  test("their help begins with its heading, also in a window that is too low for all of it", async () => {
    const page = await ours.open({ viewport: { width: 390, height: 300 } });
    await page.goto("/consumers");
    await page.keyboard.press("?");
    expect(await focused(page)).toBe("keys-title");
    const begins = await page.evaluate("document.querySelector('dialog#keys').scrollTop");
    expect(begins).toBe(0);
    await expectAccessible(page);
  });

  test("without client script there are none, and nothing is offered that opens their help", async () => {
    const page = await ours.open({ javaScriptEnabled: false });
    await page.goto("/consumers");
    expect(await page.getByRole("button", { name: "Keyboard" }).count()).toBe(0);
  });
});

test("a choice by the arrow keys sends nothing until it is confirmed", async () => {
  const page = await ours.open();
  await page.goto("/analytics");
  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.isNavigationRequest()) sent.push(request.url());
  });
  const theme = page.locator("#menu select[name=theme]");
  await theme.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await theme.inputValue()).toBe("dark");
  expect(sent).toEqual([]);
  expect(await focused(page)).toBe("theme");
  await page.getByRole("button", { name: "Apply" }).press("Enter");
  await page.waitForFunction("document.documentElement.dataset.theme === 'dark'");
  const window = page.locator("select[name=window]");
  const before = await window.inputValue();
  sent.length = 0;
  await window.focus();
  await page.keyboard.press("ArrowUp");
  expect(await window.inputValue()).not.toBe(before);
  expect(sent).toEqual([]);
  await page.getByRole("button", { name: "Filter", exact: true }).press("Enter");
  await page.waitForURL(`**/analytics?*window=*`);
});
