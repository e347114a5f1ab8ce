import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { courseRequest } from "../modules/course_factory/fixtures.ts";
import { launchChromium } from "./chromium.ts";
import { serve } from "./serve.ts";

const languages = ["de", "en", "fr", "es"] as const;
type Language = (typeof languages)[number];

const courseTexts: Readonly<Record<Language, { readonly title: string; readonly description: string }>> = {
  de: {
    title: "Zeit gut einteilen",
    description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
  },
  en: {
    title: "Using your time well",
    description: "How to plan the day so that in the evening the important things are done.",
  },
  fr: {
    title: "Bien répartir son temps",
    description: "Comment planifier la journée pour que le soir l’essentiel soit fait.",
  },
  es: {
    title: "Organizar bien el tiempo",
    description: "Cómo planificar el día para que por la noche lo importante esté hecho.",
  },
};

/** Both schemes, a phone and a desktop. */
const looks = (["light", "dark"] as const).flatMap((scheme) =>
  [390, 1280].map((width) => ({ scheme, width })),
);

let engine: TestEngine;
let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;
const courses = new Map<Language, { readonly id: string; readonly slug: string; readonly staging: string }>();

beforeAll(async () => {
  browser = await launchChromium();
  let answer: (request: Request) => Response | Promise<Response> = () => new Response("", { status: 503 });
  server = await serve((request) => answer(request));
  engine = await createTestEngine({ BRAIN_PUBLIC_URL: server.origin });
  answer = (request) => engine.app.fetch(request);
  const themes = ["course-minimal", "course-professional", "course-modern", "course-minimal"];
  for (const [index, language] of languages.entries()) {
    const access =
      language === "en"
        ? {}
        : { access: { mode: "paid", price_cents: 4_900, currency: "EUR", free_lessons: 1 } };
    const request = courseRequest({ language, ...courseTexts[language], ...access });
    const made = await engine.request("POST", "/api/course-factory/generate", request);
    expect(made.status, made.text).toBe(201);
    const id: string = made.body.course_id;
    await engine.request("POST", "/api/course-factory/webgenesis/bind-theme", {
      course_id: id,
      theme_id: themes[index],
      // The palest and the darkest that an author can choose.
      ...(language === "es" ? { custom_colors: { primary: "#ffff66", accent: "#ffffff" } } : {}),
    });
    await engine.settle();
    const [entry] = (await engine.request("GET", `/api/courses/distribution?course_id=${id}`)).body;
    await engine.request("POST", `/api/courses/distribution/${entry.distribution_id}/publish`);
    courses.set(language, { id, slug: entry.slug, staging: entry.staging_url });
  }
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await engine?.cleanup();
});

function courseOf(language: Language) {
  const course = courses.get(language);
  if (course === undefined) throw new Error(`no course in ${language}`);
  return course;
}

const publicUrl = (language: Language) =>
  `${server.origin}/api/courses/public/${courseOf(language).slug}/page`;

/** The pages of one course by name, in the order in which a reader meets them. */
const pagesOf = (language: Language): readonly (readonly [name: string, url: string])[] => {
  const { staging } = courseOf(language);
  const start = [["public", publicUrl(language)] as const, ["staged", staging] as const];
  // These have the same words as those, and little of a theme: two languages show what there is to see.
  if (language === "en" || language === "fr") return start;
  return [
    ...start,
    ["lesson", `${staging}lessons/1`],
    ["planned lesson", `${staging}lessons/9`],
    ["quiz", `${staging}quiz`],
  ];
};

interface Visit {
  readonly page: Page;
  /** What the browser complained of: refused by the policy, failed, or thrown. */
  readonly complaints: string[];
  readonly elsewhere: string[];
}

/** Opens a page and ends with it, whatever becomes of it. */
async function visit(url: string, look: (visit: Visit) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 390, height: 900 } });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== server.origin) elsewhere.push(request.url());
    });
    const response = await page.goto(url);
    expect(response?.status(), url).toBe(200);
    await look({ page, complaints, elsewhere });
  } finally {
    await context.close();
  }
}

/** Violations of axe, each with the elements that it is about. */
async function violationsOf(page: Page): Promise<string[]> {
  // The program runs from outside of the page, so the policy of the page stays as it is.
  const found = await page.evaluate(
    `${axe.source}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html + " " + failureSummary).join(" | ")))`,
  );
  return found as string[];
}

describe.each(languages)("the pages of a course in %s", (language) => {
  test("are accessible in both schemes at both widths, and load nothing but their own", async () => {
    for (const [name, url] of pagesOf(language)) {
      await visit(url, async ({ page, complaints, elsewhere }) => {
        for (const { scheme, width } of looks) {
          const look = `${name}, ${scheme}, ${width} px`;
          await page.emulateMedia({ colorScheme: scheme });
          await page.setViewportSize({ width, height: 900 });
          expect(await violationsOf(page), look).toEqual([]);
          const wider = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          expect(wider, `scrolls sideways: ${look}`).toBe(0);
          const { BRAIN_TEST_PICTURES: pictures } = process.env;
          if (pictures === undefined) continue;
          const path = `${pictures}/${language}-${name.replace(" ", "-")}-${scheme}-${width}.png`;
          await page.screenshot({ path, fullPage: true });
        }
        expect(complaints, name).toEqual([]);
        expect(elsewhere, name).toEqual([]);
        expect(await page.getAttribute("html", "lang")).toBe(language);
      });
    }
  });
});

test("a page with a fault is found out: text without contrast, sideways, a picture from elsewhere", async () => {
  await visit(publicUrl("de"), async ({ page, complaints, elsewhere }) => {
    await page.evaluate(`document.querySelector("h1").style.color = "#ddd"`);
    expect((await violationsOf(page)).join()).toContain("color-contrast");
    await page.evaluate(`document.querySelector("h1").style.width = "2000px"`);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeGreaterThan(1_000);
    await page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", '<img alt="" src="https://elsewhere.invalid/a.png">')`,
    );
    await expect.poll(() => complaints.join()).toContain("Content Security Policy");
    expect(elsewhere).toEqual(["https://elsewhere.invalid/a.png"]);
  });
});

test("the button of the public page leads on, and back to the course", async () => {
  await visit(publicUrl("de"), async ({ page, complaints }) => {
    await page.click("text=Jetzt kaufen");
    expect(await page.textContent("h1")).toBe("So geht es weiter");
    expect(await violationsOf(page)).toEqual([]);
    await page.click("text=Zurück zum Kurs");
    expect(page.url()).toBe(publicUrl("de"));
    expect(complaints).toEqual([]);
  });
});

test("from the staged start page every lesson and the quiz can be reached and read", async () => {
  await visit(courseOf("fr").staging, async ({ page }) => {
    await page.click(".hero .button");
    const titles: (string | null)[] = [];
    for (;;) {
      titles.push(await page.textContent("h1"));
      const next = page.locator("a[rel=next]");
      if ((await next.count()) === 0) break;
      await next.click();
    }
    // Twelve lessons, then the quiz.
    expect(titles).toHaveLength(13);
    await page.locator("summary").first().click();
    expect(await page.locator("details[open]").first().textContent()).toContain("La bonne réponse est");
  });
});
