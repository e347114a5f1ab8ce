import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { graphOfCatalog } from "../../src/governance/graph/from-catalog.ts";
import { writeGraph } from "../../src/governance/graph/index.ts";
import { browserHangMs, launchChromium } from "../pages/chromium.ts";
import { hostileGraph } from "./hostile-graph.ts";

/* What only a browser can judge: Mermaid's own parser and drawing, and our SVG. */

const mermaidFile = createRequire(import.meta.url).resolve("@mermaid-js/tiny");
const drawnLines = hostileGraph.edges.length + hostileGraph.steps.length;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchChromium();
  page = await browser.newPage();
}, browserHangMs);
afterAll(() => browser?.close());

interface Mermaid {
  initialize(options: object): void;
  render(id: string, text: string): Promise<{ readonly svg: string }>;
}

/** The page holds what Mermaid draws of it. */
async function draw(text: string): Promise<void> {
  await page.setContent("<body></body>");
  await page.addScriptTag({ path: mermaidFile });
  const svg = await page.evaluate(async (given) => {
    const { mermaid } = globalThis as unknown as { mermaid: Mermaid };
    mermaid.initialize({ startOnLoad: false, maxTextSize: 1_000_000, maxEdges: 10_000 });
    return (await mermaid.render("drawing", given)).svg;
  }, text);
  await page.setContent(svg);
}

test("Mermaid draws each node and line, with hostile names as text", { timeout: browserHangMs }, async () => {
  await draw(writeGraph(hostileGraph, "mermaid").text);
  expect(await page.locator("path.flowchart-link").count()).toBe(drawnLines);
  expect(await page.locator("script, a, b, i, strong").count()).toBe(0);
  const labels = await page.locator(".nodeLabel").allTextContents();
  expect(labels).toHaveLength(hostileGraph.nodes.length);
  for (const part of [
    '<script>alert(1)</script> "]; x -> y [label="',
    "#quot;#60;b#62; &lt;i&gt; &amp; %% end subgraph",
    "`markdown **bold**`",
  ]) {
    expect(labels.filter((label) => label.includes(part))).toHaveLength(3);
  }
  const empty = { events: [], subscribers: [], catch_all: [], unlisted: null, flows: null };
  await draw(writeGraph(graphOfCatalog(empty, false), "mermaid").text);
  expect(await page.locator("path.flowchart-link").count()).toBe(0);
  // Control: Mermaid refuses what is no flowchart.
  await expect(draw('flowchart LR\n  a["x --> b')).rejects.toThrow(/Parse error/);
});

test("the SVG is well formed, runs nothing, and has a title and a description", {
  timeout: browserHangMs,
}, async () => {
  const open = (svg: string) => page.goto(`data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`);
  const { text } = writeGraph(hostileGraph, "svg");
  await open(text);
  expect(await page.locator("parsererror").count()).toBe(0);
  expect(await page.locator("rect").count()).toBe(hostileGraph.nodes.length);
  expect(await page.locator("path.line").count()).toBe(drawnLines);
  expect(await page.locator("script, a, foreignObject, image, [href], [onload], [onclick]").count()).toBe(0);
  expect(await page.locator("svg > title").textContent()).toBe("Who publishes what, and who handles it");
  expect(await page.locator("svg > desc").textContent()).toContain(
    "10 producers, 10 events, 10 consumers, 1 cycle.",
  );
  const titles = await page.locator("g > title").allTextContents();
  expect(titles.filter((title) => title.includes("<script>alert(1)</script>"))).toHaveLength(3);
  // Control: Chromium says so when an SVG is not well formed.
  await open(text.replace("</desc>", "<b></desc>"));
  expect(await page.locator("parsererror").count()).toBeGreaterThan(0);
});
