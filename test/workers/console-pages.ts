import { expect } from "vitest";
import { routes } from "../../src/console/routes.ts";
import type { Served } from "./course-flow.ts";

/** Signs in as a browser does, and looks at each page of the console that needs no id. */
export async function expectConsolePages({ url, key }: Served): Promise<void> {
  const signedIn = await fetch(`${url}/sign-in`, {
    method: "POST",
    headers: { origin: url },
    body: new URLSearchParams({ key, return_to: "/alerts" }),
    redirect: "manual",
  });
  expect(signedIn.status, await signedIn.text()).toBe(303);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
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
