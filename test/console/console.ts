/** The console of a whole product on real services, for a real browser. */

import axe, { type AxeResults } from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { testApiKey } from "../backbone.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { browserHangMs, launchChromium } from "../pages/chromium.ts";
import { serve } from "../pages/serve.ts";

export interface ConsoleUnderTest {
  readonly engine: TestEngine;
  readonly origin: string;
  /** A page of a browser of its own, signed in. @param key left out: the bootstrap key; null: not signed in */
  open(options?: BrowserContextOptions & { readonly key?: string | null }): Promise<Page>;
  close(): Promise<void>;
}

/** Languages and zone as the tests expect them where they say nothing else. */
const standard: BrowserContextOptions = {
  locale: "en-GB",
  timezoneId: "Europe/Berlin",
  viewport: { width: 1280, height: 900 },
};

/** @param settings of the product, over those of tests */
export async function createConsoleUnderTest(
  settings: Readonly<Record<string, string>> = {},
): Promise<ConsoleUnderTest> {
  const browser = await launchChromium();
  let answer: (request: Request) => Response | Promise<Response> = () => new Response("", { status: 503 });
  const server = await serve((request) => answer(request));
  const engine = await createTestEngine({ BRAIN_PUBLIC_URL: server.origin, ...settings });
  answer = (request) => engine.app.fetch(request);
  const contexts: BrowserContext[] = [];
  return {
    engine,
    origin: server.origin,
    async open({ key = testApiKey, ...options } = {}) {
      const context = await newContext(browser, { ...standard, ...options, baseURL: server.origin });
      contexts.push(context);
      const page = await context.newPage();
      if (key !== null) await signIn(page, key);
      return page;
    },
    async close() {
      for (const context of contexts) await context.close();
      await browser.close();
      await server.close();
    },
  };
}

/** A browser in which whatever a page runs or loads against its policy fails the test. */
async function newContext(browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(browserHangMs);
  return context;
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.goto("/sign-in");
  await page.locator("input[name=key]").fill(key);
  await page.locator("button").first().click();
  await page.waitForURL((url) => !url.pathname.endsWith("/sign-in"));
}

/** The fields that are said to be wrong, by their names, each with the text that a reader of screens reads for it. */
export async function wrongFields(page: Page): Promise<Readonly<Record<string, string>>> {
  const all = await page.evaluate<
    readonly (readonly [string, string])[]
  >(`[...document.querySelectorAll("[aria-invalid]")]
    .map((one) => [one.name, (one.getAttribute("aria-describedby") ?? "").split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "nothing has the id " + id).join(" ")])`);
  return Object.fromEntries(all);
}

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Nothing that keeps somebody from reading or using the page: rules of WCAG 2.2 A and AA, as axe judges them. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, { runOnly: ${JSON.stringify(rules)} })`,
  );
  const found = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ html }) => html)
        .join(" ")
        .slice(0, 400)}`,
  );
  expect(found, page.url()).toEqual([]);
}

/** On a phone: what stands in tables and is cut off or beside the window, where nobody can point at it or looks for it. */
const cutInTables = `innerWidth >= 768 ? [] : [...document.querySelectorAll(".scroll:has(> table), td, tbody th, td *")]
  .filter((one) => getComputedStyle(one).display !== "inline" && one.clientHeight > 1)
  .filter((one) => one.scrollWidth > one.clientWidth + 1 ||
    getComputedStyle(one).overflowY === "hidden" && one.scrollHeight > one.clientHeight + 1)
  .filter((one) => one.closest("pre") === null)
  .map((one) => one.textContent)`;

/** Nothing is wider than the window, which only tables of wide windows scroll within; a phone shows all of each text. */
export async function expectFits(page: Page): Promise<void> {
  expect(await page.evaluate(cutInTables), `${page.url()} cuts texts`).toEqual([]);
  const [wide, seen] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  );
  expect(wide, `${page.url()} is wider than the window`).toBeLessThanOrEqual(seen);
}

/** Collects what the browser refused to run or load, and what scripts threw. Ask it at the end. */
export function watchFaults(page: Page): () => readonly string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  return () => faults;
}
