import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { authoring } from "./fixtures.ts";

const origin = "https://courses.example";

let engine: TestEngine;
let authors: ReturnType<typeof authoring>;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_PUBLIC_URL: origin });
  authors = authoring(engine);
});
afterAll(() => engine.cleanup());

/** What anybody gets who has the address: no key is sent. */
const open = (path: string) =>
  engine.request("GET", path.replace(origin, ""), undefined, { authorization: "" });

async function staged(fields: Readonly<Record<string, unknown>> = {}) {
  const { course_id, outline } = await authors.generated(fields);
  await engine.settle();
  const [event] = await authors.eventsOf(course_id, "course.deployed.staging");
  const url: string = event?.payload.staging_url;
  return { course_id, outline, url };
}

describe("a staged course", () => {
  test("is opened by the address that the event, the distribution and the preview tell", async () => {
    const { course_id, outline, url } = await staged();
    const [entry] = (await engine.request("GET", `/api/courses/distribution?course_id=${course_id}`)).body;
    expect(entry.staging_url).toBe(url);
    const preview = await authors.post("/webgenesis/preview", { course_id });
    expect(preview.body).toEqual({ preview_url: url });

    const start = await open(url);
    expect(start.status).toBe(200);
    expect(start.headers.get("x-robots-tag")).toContain("noindex");
    expect(start.headers.get("referrer-policy")).toBe("no-referrer");
    expect(start.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(start.text).toContain('<meta name="robots" content="noindex, nofollow">');
    const links = [...start.text.matchAll(/href="(\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(outline.total_lessons);
    for (const link of new Set(links)) expect((await open(link)).status, link).toBe(200);
    const sheet = await open(links.find((link) => link.endsWith(".css")) ?? "");
    expect(sheet.headers.get("content-type")).toContain("text/css");
    expect(sheet.headers.get("cache-control")).toContain("immutable");
  });

  test("shows a written lesson as its text, a planned one as its points, and the quiz with its answers", async () => {
    const { outline, url } = await staged();
    const [first, , , fourth] = outline.modules.flatMap((part: { lessons: unknown[] }) => part.lessons);
    const written = await open(`${url}lessons/1`);
    expect(written.text).toContain(`<h1>${first.title}</h1>`);
    expect(written.text).toContain("<h2>Überblick</h2>");
    const planned = await open(`${url}lessons/4`);
    expect(planned.text).toContain(`<h1>${fourth.title}</h1>`);
    expect(planned.text).toContain(fourth.content_outline[0]);
    const quiz = await open(`${url}quiz`);
    expect(quiz.text.match(/<details>/g)).toHaveLength(15);
    expect((await open(`${url}lessons/13`)).status).toBe(404);
  });

  test("has the theme of the course, in a sheet of a new name", async () => {
    const { course_id, url } = await staged();
    const sheetOf = async () => /href="([^"]+\.css)"/.exec((await open(url)).text)?.[1] ?? "";
    const before = await sheetOf();
    await authors.post("/webgenesis/bind-theme", { course_id, theme_id: "course-modern" });
    const after = await sheetOf();
    expect(after).not.toBe(before);
    expect((await open(after)).text).toContain("#6200ea");
    expect((await open(before)).status).toBe(404);
  });

  test("is not found with another token, another version, or when it is archived", async () => {
    const { course_id, url } = await staged();
    const other = await staged();
    const token = /\/([a-p]{40})\//.exec(url)?.[1] ?? "";
    const foreign = /\/([a-p]{40})\//.exec(other.url)?.[1] ?? "";
    const turned = token.replace(/.$/, (last) => (last === "a" ? "b" : "a"));
    for (const wrong of [
      url.replace(token, turned),
      url.replace(token, foreign),
      url.replace("/v1/", "/v2/"),
    ]) {
      const answer = await open(wrong);
      expect(answer.status, wrong).toBe(404);
      expect(answer.text).not.toContain(token);
    }
    for (const impossible of [
      url.replace(token, "short"),
      url.replace(token, token.toUpperCase()),
      url.replace(course_id, "1"),
      `${url}lessons/0`,
      `${url}lessons/99999999999999999999`,
      `${url}assets/${"a".repeat(500)}`,
    ]) {
      const answer = await open(impossible);
      expect(answer.status, impossible).toBe(404);
      expect(answer.body.error.code).toBe("not_found");
    }
    expect((await open(url)).status).toBe(200);
    await authors.transition({ course_id, from_state: "draft", to_state: "archived", actor: "author-1" });
    expect((await open(url)).status).toBe(404);
  });

  test("gets a new address on request: the old one leads nowhere, and everybody who knew it is told", async () => {
    const { course_id, url } = await staged();
    const renewed = await authors.post("/webgenesis/preview", { course_id, renew: true });
    const { preview_url } = renewed.body;
    expect(preview_url).not.toBe(url);
    expect((await open(url)).status).toBe(404);
    expect((await open(preview_url)).status).toBe(200);
    await engine.settle();
    const [entry] = (await engine.request("GET", `/api/courses/distribution?course_id=${course_id}`)).body;
    expect(entry.staging_url).toBe(preview_url);
    expect(
      (await engine.request("GET", `/api/course-factory/courses/${course_id}`)).body.result.staging_url,
    ).toBe(preview_url);
    expect(await authors.eventsOf(course_id, "course.deployed.staging")).toHaveLength(2);
  });

  test("shows hostile texts as texts", async () => {
    const hostile = 'Tags </title><script>alert(1)</script> & "quotes"';
    const { url } = await staged({ title: hostile, description: hostile });
    for (const path of ["", "lessons/1", "lessons/9", "quiz"]) {
      const page = await open(`${url}${path}`);
      expect(page.status).toBe(200);
      expect(page.text).not.toContain("<script");
      expect(page.text).toContain("&lt;script&gt;");
    }
  });
});

describe("the public page of a course of the factory", () => {
  test("sells it: what was made, for whom, outline, price and what one gets, and a button that leads on", async () => {
    const access = { mode: "paid", price_cents: 4_900, currency: "EUR", free_lessons: 2 };
    const { course_id, outline, landing_page, quiz } = await authors.generated({ access });
    await engine.settle();
    const [entry] = (await engine.request("GET", `/api/courses/distribution?course_id=${course_id}`)).body;
    await engine.request("POST", `/api/courses/distribution/${entry.distribution_id}/publish`);
    const page = await open(`/api/courses/public/${entry.slug}/page`);
    expect(page.status).toBe(200);
    const { hero_subtitle, value_proposition, for_whom_points, not_for_whom_points, features } = landing_page;
    const shown = [
      ...[hero_subtitle, value_proposition, ...for_whom_points, ...not_for_whom_points, ...features],
      ...outline.modules.flatMap((part: { title: string; lessons: { title: string }[] }) => [
        part.title,
        ...part.lessons.map(({ title }) => title),
      ]),
      ...["Angestellte", "Eltern", "4 Stunden", `Quiz mit ${quiz.questions.length} Fragen`, "Jetzt kaufen"],
    ];
    for (const text of shown) expect(page.text).toContain(text);
    expect(page.text).toMatch(/49,00\s€/);
    expect(page.text.match(/Kostenlose Lektion/g)).toHaveLength(2);
    for (const raw of ["employees", "private_individuals", 'sachlich"']) expect(page.text).not.toContain(raw);
    const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1] ?? "";
    const next = await engine.request("POST", action, undefined, { authorization: "", accept: "text/html" });
    expect(next.status).toBe(200);
    expect(next.text).toContain("So geht es weiter");
  });

  test("leads its button to the shop that the settings name, and its policy allows that", async () => {
    const shop = await createTestEngine({
      BRAIN_ENROLMENT_URL: "https://shop.example/buy/{slug}?course={course_id}&lang={language}",
    });
    try {
      const { course_id } = await authoring(shop).generated();
      await shop.settle();
      const [entry] = (await shop.request("GET", `/api/courses/distribution?course_id=${course_id}`)).body;
      await shop.request("POST", `/api/courses/distribution/${entry.distribution_id}/publish`);
      const page = await shop.request("GET", `/api/courses/public/${entry.slug}/page`);
      expect(page.headers.get("content-security-policy")).toContain(
        "form-action 'self' https://shop.example",
      );
      const accept = { accept: "text/html" };
      const path = `/api/courses/public/${entry.slug}/track-enrollment`;
      const next = await shop.request("POST", path, undefined, accept);
      expect(next.status).toBe(303);
      expect(next.headers.get("location")).toBe(
        `https://shop.example/buy/${entry.slug}?course=${course_id}&lang=de`,
      );
    } finally {
      await shop.cleanup();
    }
  });
});
