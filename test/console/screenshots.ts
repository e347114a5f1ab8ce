/**
 * `npm run screenshots [-- --out folder --only /alerts]`: a picture of each page of the console, on a phone and on a
 * desktop, in light and dark, over the demo world on the built workers. For people to look at.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { routes } from "../../src/console/routes.ts";
import { createDemoApi } from "../../src/demo/api.ts";
import { makeDemo } from "../../src/demo/build.ts";
import { makeFolder } from "../../src/governance/files/make-folder.ts";
import { readToolOptions } from "../../tools/tool-options.ts";
import { launchChromium } from "../pages/chromium.ts";
import { startChild } from "../workers/child.ts";

const usage = "usage: npm run screenshots [-- --out <folder> --only <start of a path, e.g. /alerts>]";
const { values: options } = readToolOptions(usage, {
  options: { out: { type: "string", default: "screenshots" }, only: { type: "string" } },
});
/** Installing what is missing takes its time on a new machine. */
const startMs = 600_000;

const looks = [360, 1280].flatMap((width) =>
  (["light", "dark"] as const).map((scheme) => ({ width, scheme })),
);

/** Paths of pages that are there, one for each route: of things, what a page links to first. */
async function findPaths(page: Page): Promise<readonly string[]> {
  const found = new Map(routes.filter(({ path }) => !path.includes(":")).map(({ path }) => [path, path]));
  for (const path of [...found.values()]) await collectLinks(page, path, found);
  // Behind things there may be others, e.g. the story of an event.
  for (const path of [...found.values()].filter((one) => !routes.some((route) => route.path === one)))
    await collectLinks(page, path, found);
  for (const { path } of routes) if (!found.has(path)) console.error(`no page links to ${path}`);
  return [...found.values()].filter((path) => options.only === undefined || path.startsWith(options.only));
}

async function collectLinks(page: Page, path: string, found: Map<string, string>): Promise<void> {
  await page.goto(path);
  const links = await page
    .locator("main a[href^='/']")
    .evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  for (const { path: route } of routes) {
    const shape = new RegExp(`^${route.replaceAll(/:[a-z_]+/gi, "[^/?]+")}$`);
    const link = links.find(
      (one) =>
        one !== null &&
        shape.test(one) &&
        !routes.some((other) => other.path === one && other.path !== route),
    );
    if (!found.has(route) && link != null) found.set(route, link);
  }
}

const fileName = (path: string) =>
  path
    .replaceAll(/[^a-z0-9]+/gi, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 60) || "overview";

async function signedIn(browser: Browser, baseURL: string, key: string): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL, locale: "en-GB", timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  await page.goto(`/sign-in#key=${key}`);
  await page.locator("form button").first().click();
  await page.waitForURL((url) => url.pathname === "/");
  await page.close();
  return context;
}

const folder = await mkdtemp(join(tmpdir(), "screenshots-"));
const system = startChild(process.execPath, ["workers/local/main.ts"], { BRAIN_DATA_DIR: folder, PORT: "0" });
let browser: Browser | null = null;
try {
  const [, url = "", key = ""] = await system.until(/ready {2}(\S+) {2}key (\S+)/, startMs);
  await makeDemo(createDemoApi(url, key), {
    seed: 1,
    force: false,
    onProgress: (done, total, step) => console.log(`${done}/${total}  ${step}`),
  });
  browser = await launchChromium();
  const context = await signedIn(browser, url, key);
  const page = await context.newPage();
  const paths = await findPaths(page);
  makeFolder(options.out);
  for (const { width, scheme } of looks) {
    await page.setViewportSize({ width, height: width < 500 ? 780 : 900 });
    await page.emulateMedia({ colorScheme: scheme });
    for (const path of paths) {
      await page.goto(path);
      const file = join(options.out, `${fileName(path)}-${width}-${scheme}.png`);
      await page.screenshot({ path: file, fullPage: true });
      console.log(file);
    }
  }
} finally {
  await browser?.close();
  system.signal("SIGINT");
  await system.ended(60_000);
  await rm(folder, { recursive: true, force: true });
}
