import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { authoring, type Fields } from "./fixtures.ts";

let engine: TestEngine;
let authors: ReturnType<typeof authoring>;
beforeAll(async () => {
  engine = await createTestEngine();
  authors = authoring(engine);
});
afterAll(() => engine?.cleanup());

const post = (route: string, fields: Fields) => authors.post(`/webgenesis/${route}`, fields, "author-1");
const inQuery = (route: string, fields: Readonly<Record<string, string>>, body?: unknown) =>
  authors.post(`/webgenesis/${route}?${new URLSearchParams(fields)}`, body);
const pageOf = async (courseId: string) =>
  (await authors.request("GET", `/api/course-factory/webgenesis/pages/${courseId}`)).body;

/** Each route with a body that works for this course, and the event that it causes. */
const routes = (course_id: string) =>
  [
    ["bind-theme", { course_id, theme_id: "course-modern" }, "course.theme.bound"],
    ["build-sections", { course_id }, "course.section.built"],
    ["generate-seo", { course_id }, "course.seo_pack.generated"],
    ["preview", { course_id }, "course.preview.created"],
  ] as const;

describe("every route of the web page", () => {
  test("publishes one event in its transaction, with tenant and actor, and none when nothing changes", async () => {
    const { course_id } = await authors.generated();
    for (const [route, body, type] of routes(course_id)) {
      const first = await post(route, body);
      expect(first.status, first.text).toBe(200);
      const again = await post(route, body);
      expect(again.body).toEqual(first.body);
      const events = await authors.eventsOf(course_id, type);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        tenant_id: "tenant-a",
        actor_id: "author-1",
        source: "course_factory_service",
        meta: { schema_version: 1, producer: "course_factory_service", source_module: "course_factory" },
      });
    }
    await engine.relay();
    const sent = (await engine.streamEntries()).filter(({ fields }) => fields.payload?.includes(course_id));
    const types = sent.map(({ fields }) => fields.type);
    for (const [, , type] of routes(course_id)) expect(types).toContain(type);
  });

  test("does one change for many at once", async () => {
    const { course_id } = await authors.generated();
    for (const [route, body, type] of routes(course_id)) {
      await Promise.all(Array.from({ length: 5 }, () => post(route, body)));
      expect(await authors.eventsOf(course_id, type), route).toHaveLength(1);
    }
  });

  test("answers 404 for an unknown course, 409 for one that is not finished, and 422 for nonsense", async () => {
    const { course_id } = await authors.generated();
    for (const [route, body] of routes(course_id)) {
      expect((await post(route, { ...body, course_id: crypto.randomUUID() })).status, route).toBe(404);
      expect((await post(route, { ...body, surprise: 1 })).status, route).toBe(422);
      expect((await post(route, { ...body, course_id: "x" })).status, route).toBe(422);
    }
    for (const change of ["status = 'failed'", "status = 'completed', workflow_state = 'archived'"]) {
      await engine.sql(`UPDATE course_factory_courses SET ${change} WHERE course_id = $1`, [course_id]);
      for (const [route, body] of routes(course_id))
        expect((await post(route, body)).status, route).toBe(409);
    }
    expect(await pageOf(course_id)).toMatchObject({ theme: null, sections: null, preview_url: null });
  });

  test("leaves nothing behind when its event cannot be recorded", async () => {
    const { course_id } = await authors.generated();
    await engine.sql(
      `ALTER TABLE events ADD CONSTRAINT no_page CHECK (type NOT LIKE 'course.theme.%' OR payload ->> 'course_id' <> '${course_id}')`,
    );
    expect((await post("bind-theme", { course_id, theme_id: "course-modern" })).status).toBe(500);
    await engine.sql("ALTER TABLE events DROP CONSTRAINT no_page");
    expect(await pageOf(course_id)).toMatchObject({ theme: null });
  });

  test("keeps the other parts when one is made anew", async () => {
    const { course_id } = await authors.generated();
    for (const [route, body] of routes(course_id)) await post(route, body);
    const before = await pageOf(course_id);
    await post("bind-theme", { course_id, theme_id: "course-minimal" });
    const after = await pageOf(course_id);
    expect(after.theme.theme_id).toBe("course-minimal");
    expect({ ...after, theme: null, updated_at: null }).toEqual({ ...before, theme: null, updated_at: null });
  });
});

describe("binding a theme", () => {
  test("answers the theme with the colours of this course and no other", async () => {
    const own = await authors.generated();
    const other = await authors.generated();
    const custom_colors = { accent: "#AABBCC" };
    const bound = await inQuery(
      "bind-theme",
      { course_id: own.course_id, theme_id: "course-minimal" },
      { custom_colors },
    );
    expect(bound.body, bound.text).toMatchObject({
      theme_id: "course-minimal",
      colors: { primary: "#0066cc", secondary: "#6c757d", accent: "#aabbcc" },
    });
    const plain = await post("bind-theme", { course_id: other.course_id, theme_id: "course-minimal" });
    expect(plain.body.colors.accent).not.toBe("#aabbcc");
    const { themes } = (await authors.request("GET", "/api/course-factory/webgenesis/themes")).body;
    expect(themes).toContainEqual(plain.body);
    expect((await pageOf(own.course_id)).theme).toEqual(bound.body);
    const [event] = await authors.eventsOf(own.course_id, "course.theme.bound");
    expect(event?.payload).toMatchObject({ theme_id: "course-minimal", has_custom_colors: true });
  });

  test("knows three themes and takes only colours", async () => {
    const { course_id } = await authors.generated();
    expect((await post("bind-theme", { course_id, theme_id: "course-gothic" })).status).toBe(404);
    const wrong = { course_id, theme_id: "course-minimal", custom_colors: { accent: "red;}body{" } };
    expect((await post("bind-theme", wrong)).status).toBe(422);
  });
});

describe("building sections", () => {
  test("takes what is stored, and previews of the first full lessons", async () => {
    const course = await authors.generated({ full_lessons_count: 5 });
    const built = await post("build-sections", { course_id: course.course_id });
    expect(built.body.map((section: Fields) => [section.kind, section.order_index])).toEqual([
      ["hero", 0],
      ["syllabus", 1],
      ["lesson_preview", 2],
      ["lesson_preview", 3],
      ["lesson_preview", 4],
      ["faq", 100],
      ["cta", 200],
      ["footer", 999],
    ]);
    expect(built.body[0].title).toBe(course.landing_page.hero_title);
    const [first] = course.outline.modules[0].lessons;
    expect(built.body[2]).toMatchObject({ title: first.title, content: { lesson_id: first.lesson_id } });
    expect(built.body[2].content.excerpt.length).toBeLessThanOrEqual(300);
    expect(built.body[2].content.excerpt).toMatch(/^Lektion 1 von 12 .*…$/);
    const [event] = await authors.eventsOf(course.course_id, "course.section.built");
    expect(event?.payload).toMatchObject({ sections_count: 8, lesson_previews_count: 3 });
  });

  test("has no preview of a lesson that could not be written", async () => {
    const { course_id } = await authors.generated();
    await engine.sql(
      `UPDATE course_factory_artifacts SET content = jsonb_set(content, '{status}', '"placeholder"')
       WHERE course_id = $1 AND kind = 'lesson' AND position = 1`,
      [course_id],
    );
    const { body } = await post("build-sections", { course_id });
    expect(body.filter((section: Fields) => section.kind === "lesson_preview")).toHaveLength(2);
  });

  test("works without a stored landing page", async () => {
    const { course_id } = await authors.generated({ generate_landing_page: false });
    const { body } = await post("build-sections", { course_id });
    expect(body[0]).toMatchObject({ kind: "hero", title: "Zeit gut einteilen" });
  });

  test("takes the outline and the landing page of the request, if they are of this course", async () => {
    const course = await authors.generated();
    const { course_id, outline, landing_page } = course;
    const edited = {
      ...outline,
      modules: [{ ...outline.modules[0], title: "Neu benannt" }, ...outline.modules.slice(1)],
    };
    const page = { ...landing_page, hero_title: "Ein anderer Titel" };
    const { body } = await post("build-sections", { course_id, outline: edited, landing_page: page });
    expect(body[0].title).toBe("Ein anderer Titel");
    expect(body[1].content.modules[0].title).toBe("Neu benannt");
    expect(body[2].content.excerpt).toMatch(/^Lektion 1/);
    const other = await authors.generated();
    const foreign = await post("build-sections", { course_id: other.course_id, outline });
    expect(foreign.status).toBe(422);
    expect(foreign.body.error.details[0].path).toBe("outline.metadata.course_id");
    expect((await post("build-sections", { course_id, outline: { title: "x" } })).status).toBe(422);
  });
});

describe("texts for search engines", () => {
  test("keep their limits and take the author's keywords, from the body or the query", async () => {
    const { course_id } = await authors.generated({ description: "Kurz." });
    const { body, text } = await post("generate-seo", { course_id, keywords: ["Zeit", "Plan"] });
    expect(body, text).toMatchObject({
      keywords: ["Zeit", "Plan"],
      robots: "index, follow",
      json_ld: { "@type": "Course", inLanguage: "de" },
    });
    expect(body.meta_description.length).toBeGreaterThanOrEqual(50);
    expect(body.meta_description).toContain("Ein Online-Kurs");
    const query = await inQuery("generate-seo", { course_id, keywords: "Zeit, Ruhe" });
    expect(query.body.keywords).toEqual(["Zeit", "Ruhe"]);
    expect(await authors.eventsOf(course_id, "course.seo_pack.generated")).toHaveLength(2);
    for (const keywords of [["x".repeat(51)], ["a\u0000b"], Array.from({ length: 11 }, (_, n) => `w${n}`)]) {
      expect((await post("generate-seo", { course_id, keywords })).status).toBe(422);
    }
  });

  test("cannot be left early by the text of a course", async () => {
    const { course_id } = await authors.generated({ title: "Ende </script><script>alert(1)</script>" });
    const { body } = await post("generate-seo", { course_id });
    expect(body.json_ld_script.match(/<\/script>/g)).toHaveLength(1);
    expect((await pageOf(course_id)).seo_pack).toEqual(body);
  });
});

describe("a preview", () => {
  test("has an address with the number of the version, however that is named", async () => {
    const { course_id } = await authors.generated();
    const { preview_url } = (await inQuery("preview", { course_id })).body;
    expect(preview_url).toMatch(
      new RegExp(`^https://course-factory\\.staging/staging/${course_id}/[a-p]{40}/v1/$`),
    );
    for (const fields of [{}, { version: "latest" }, { version: "1" }, { version: "1.0.0" }]) {
      expect((await inQuery("preview", { course_id, ...fields })).body).toEqual({ preview_url });
    }
    const [event, ...more] = await authors.eventsOf(course_id, "course.preview.created");
    expect(more).toEqual([]);
    expect(event?.payload).toMatchObject({ preview_url, course_version: 1 });
    expect((await inQuery("preview", { course_id, version: "2" })).status).toBe(404);
    expect((await inQuery("preview", { course_id, version: "../1" })).status).toBe(422);
  });
});
