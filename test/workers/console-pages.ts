import { expect } from "vitest";
import { routes } from "../../src/console/routes.ts";
import type { Served } from "./course-flow.ts";

/** Signs in as a browser does. @returns the cookies */
async function signIn({ url, key }: Served, returnTo: string): Promise<string> {
  const signedIn = await fetch(`${url}/sign-in`, {
    method: "POST",
    headers: { origin: url },
    body: new URLSearchParams({ key, return_to: returnTo }),
    redirect: "manual",
  });
  expect(signedIn.status, await signedIn.text()).toBe(303);
  const cookies = signedIn.headers.getSetCookie();
  return cookies.map((line) => line.split(";")[0]).join("; ");
}

/** Pages that are looked at of one route, and in all. */
const ofOneRoute = 4;
const maxPages = 150;

/** Follows the links of the console from its overview. @returns what led nowhere */
export async function brokenLinks(served: Served): Promise<readonly string[]> {
  const cookie = await signIn(served, "/");
  const shapes = routes.map(({ path }) => new RegExp(`^${path.replaceAll(/:[a-z_]+/gi, "[^/]+")}$`));
  const seen = new Map<string, string>([["/", "the start"]]);
  const counts = new Map<number, number>();
  const broken: string[] = [];
  for (const [link, from] of seen) {
    const route = shapes.findIndex((shape) => shape.test(link.split("?", 1)[0] ?? ""));
    const looked = counts.get(route) ?? 0;
    if (route >= 0 && looked >= ofOneRoute) continue;
    counts.set(route, looked + 1);
    const page = await fetch(served.url + link, { headers: { cookie } });
    const text = await page.text();
    if (page.status !== 200) broken.push(`${from} → ${link}: ${page.status}`);
    for (const [, href = ""] of text.matchAll(/<a [^>]*?href="(\/[^"]*)"/g)) {
      const to = href.replaceAll("&amp;", "&");
      if (!seen.has(to) && seen.size < maxPages * ofOneRoute) seen.set(to, link);
    }
  }
  expect(counts.size).toBeGreaterThan(15);
  return broken;
}

/** Signs in as a browser does, and looks at each page of the console that needs no id. */
export async function expectConsolePages(served: Served): Promise<void> {
  const { url } = served;
  const cookie = await signIn(served, "/alerts");
  for (const { path } of routes.filter((route) => !route.path.includes(":"))) {
    const page = await fetch(url + path, { headers: { cookie }, redirect: "manual" });
    const text = await page.text();
    expect(page.status, `${path}: ${text}`).toBe(200);
    expect(page.headers.get("content-security-policy"), path).toContain("default-src 'none'");
    expect(text, path).toMatch(/<main id="content"[^>]*>.*<h1>/s);
    const script = /<script type="module" src="([^"]+)"/.exec(text)?.[1] ?? "";
    expect((await fetch(url + script)).headers.get("content-type"), script).toContain("javascript");
  }
}
