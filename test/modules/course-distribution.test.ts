import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(async () => {
  await engine?.cleanup();
});

const base = "/api/courses";
const description = "How to manage money without a bank, step by step and for everybody.";
const unknownId = "dist_0000000000000000";

/** A valid request for a course and a slug of its own. */
function createBody(changes: Record<string, unknown> = {}) {
  const unique = crypto.randomUUID();
  return {
    course_id: unique,
    slug: `course-${unique.slice(0, 8)}`,
    language: "en",
    title: "Alternatives to banks",
    description,
    target_group: ["students"],
    seo: { meta_title: "Alternatives to banks", meta_description: description, keywords: ["money"] },
    cta: { label: "Start now", action: "open_course" },
    ...changes,
  };
}

interface Created {
  readonly id: string;
  readonly slug: string;
  readonly courseId: string;
}

async function create(changes: Record<string, unknown> = {}): Promise<Created> {
  const body = createBody(changes);
  const answer = await engine.request("POST", `${base}/distribution/create`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return { id: answer.body.distribution_id, slug: answer.body.slug, courseId: body.course_id };
}

async function createPublic(changes: Record<string, unknown> = {}): Promise<Created> {
  const created = await create(changes);
  const answer = await engine.request("POST", `${base}/distribution/${created.id}/publish`);
  expect(answer.status).toBe(200);
  return created;
}

interface Recorded {
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly actor_id: string | null;
}

/** The events of one entry, in the order they were recorded. */
async function eventsOf(id: string): Promise<Recorded[]> {
  return engine.sql<Recorded>("SELECT type, payload, actor_id FROM events WHERE key = $1 ORDER BY position", [
    id,
  ]);
}

const typesOf = async (id: string) => (await eventsOf(id)).map((event) => event.type);

/** The row as an operator sees it. */
async function read(id: string) {
  const answer = await engine.request("GET", `${base}/distribution/${id}`);
  expect(answer.status).toBe(200);
  return answer.body;
}

describe("creating an entry", () => {
  test("stores it private and records distribution.created with it", async () => {
    const body = createBody({ version: "v4" });
    const answer = await engine.request("POST", `${base}/distribution/create`, body);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ slug: body.slug, message: expect.any(String) });
    const id = answer.body.distribution_id as string;
    expect(id).toMatch(/^dist_[0-9a-f]{16}$/);
    expect(await read(id)).toMatchObject({
      course_id: body.course_id,
      visibility: "private",
      version: "v4",
      published_at: null,
      staging_url: null,
      derived_from: null,
      view_count: 0,
      enrollment_count: 0,
    });
    const [created, ...others] = await eventsOf(id);
    expect(others).toEqual([]);
    expect(created).toMatchObject({
      type: "distribution.created",
      payload: { course_id: body.course_id, slug: body.slug, visibility: "private", derived_from: null },
    });
  });

  test("refuses a taken slug with 400 and leaves nothing behind", async () => {
    const first = await create();
    const second = createBody({ slug: first.slug });
    const answer = await engine.request("POST", `${base}/distribution/create`, second);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: "bad_request",
      message: expect.stringContaining(first.slug),
    });
    const listed = await engine.request("GET", `${base}/distribution?course_id=${second.course_id}`);
    expect(listed.body).toEqual([]);
    const events = await engine.sql<{ n: number }>(
      "SELECT count(*)::int AS n FROM events WHERE payload->>'course_id' = $1",
      [second.course_id],
    );
    expect(events[0]?.n).toBe(0);
  });

  test("refuses a second entry for a course with 400", async () => {
    const first = await create();
    const answer = await engine.request(
      "POST",
      `${base}/distribution/create`,
      createBody({ course_id: first.courseId }),
    );
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain("has a distribution already");
  });

  test("names each field that is not acceptable, and unknown ones", async () => {
    const answer = await engine.request("POST", `${base}/distribution/create`, {
      ...createBody({ title: "short", slug: "No Slug" }),
      view_count: 10,
    });
    expect(answer.status).toBe(422);
    expect(answer.body.error.code).toBe("validation_failed");
    expect(JSON.stringify(answer.body.error)).toContain("view_count");
    expect(JSON.stringify(answer.body.error)).toContain("title");
  });

  test("lets one of ten concurrent requests for a slug win", async () => {
    const slug = `race-${crypto.randomUUID().slice(0, 8)}`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        engine.request("POST", `${base}/distribution/create`, createBody({ slug })),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(9).fill(400)]);
  });
});

describe("the public catalogue", () => {
  test("lists published entries only, newest published first", async () => {
    const language = "pt";
    const first = await createPublic({ language });
    const second = await createPublic({ language });
    await create({ language });
    const unlisted = await create({ language });
    await engine.request("PUT", `${base}/distribution/${unlisted.id}`, { visibility: "unlisted" });
    const slugs = async (query: string) => {
      const answer = await engine.request("GET", `${base}/public?language=${language}${query}`);
      expect(answer.status).toBe(200);
      return (answer.body as { slug: string }[]).map((item) => item.slug);
    };
    expect(await slugs("")).toEqual([second.slug, first.slug]);
    await engine.request("POST", `${base}/distribution/${first.id}/publish`);
    expect(await slugs("")).toEqual([first.slug, second.slug]);
    expect(await slugs("&limit=1")).toEqual([first.slug]);
    const [item] = (await engine.request("GET", `${base}/public?language=${language}&limit=1`)).body;
    expect(Object.keys(item).sort()).toEqual(
      [
        "slug",
        "language",
        "title",
        "description",
        "target_group",
        "version",
        "view_count",
        "enrollment_count",
        "published_at",
      ].sort(),
    );
  });

  test("keeps a stable order of entries published at the same time", async () => {
    const language = "fi";
    const created = [
      await createPublic({ language }),
      await createPublic({ language }),
      await createPublic({ language }),
    ];
    await engine.sql(
      "UPDATE course_distributions SET published_at = '2026-01-01T00:00:00Z' WHERE language = $1",
      [language],
    );
    const bySortedId = [...created]
      .sort((left, right) => (left.id < right.id ? -1 : 1))
      .map(({ slug }) => slug);
    const answer = await engine.request("GET", `${base}/public?language=${language}`);
    expect((answer.body as { slug: string }[]).map((item) => item.slug)).toEqual(bySortedId);
  });

  test.each(["limit=0", "limit=101", "limit=abc", "language=english", "q=", "q=%00"])(
    "refuses ?%s with 422",
    async (query) => {
      expect((await engine.request("GET", `${base}/public?${query}`)).status).toBe(422);
    },
  );

  test("finds text in title and description, without wildcards", async () => {
    const marker = crypto.randomUUID().slice(0, 8);
    const inTitle = await createPublic({ title: `Course ${marker} 100% real` });
    const inText = await createPublic({ description: `${description} ${marker.toUpperCase()}` });
    await create({ title: `Private ${marker} course` });
    const find = async (text: string) => {
      const answer = await engine.request("GET", `${base}/public?q=${encodeURIComponent(text)}`);
      expect(answer.status).toBe(200);
      return (answer.body as { slug: string }[]).map((item) => item.slug).sort();
    };
    expect(await find(marker)).toEqual([inTitle.slug, inText.slug].sort());
    expect(await find(`${marker} 100% r`)).toEqual([inTitle.slug]);
    expect(await find(`${marker}%real`)).toEqual([]);
    expect(await find(`${marker.slice(0, 7)}_`)).toEqual([]);
    expect(await find("' OR 1=1 --")).toEqual([]);
  });

  test("answers private and unknown slugs alike with 404, on every route", async () => {
    const hidden = await create();
    const answers: unknown[] = [];
    for (const slug of [hidden.slug, "no-such-course", "x", "UPPER-CASE", "%00bad-slug", "a'b--c"]) {
      for (const [method, path] of [
        ["GET", ""],
        ["GET", "/outline"],
        ["GET", "/page"],
        ["POST", "/track-enrollment"],
      ] as const) {
        const answer = await engine.request(method, `${base}/public/${slug}${path}`);
        expect(answer.status, `${method} ${slug}${path}`).toBe(404);
        answers.push(answer.body.error.message);
      }
    }
    expect(new Set(answers).size).toBe(1);
    expect(await typesOf(hidden.id)).toEqual(["distribution.created"]);
  });

  test("serves an unlisted entry to who knows the slug", async () => {
    const entry = await create();
    await engine.request("PUT", `${base}/distribution/${entry.id}`, { visibility: "unlisted" });
    const detail = await engine.request("GET", `${base}/public/${entry.slug}`);
    expect(detail.status).toBe(200);
    expect(detail.body).toMatchObject({ slug: entry.slug, published_at: null, view_count: 1 });
    const page = await engine.request("GET", `${base}/public/${entry.slug}/page`);
    expect(page.text).toContain("noindex");
    const found = await engine.request("GET", `${base}/public?q=${entry.slug}&limit=100`);
    expect(JSON.stringify(found.body)).not.toContain(entry.slug);
  });

  test("shows no staging address and no inner ids", async () => {
    const entry = await createPublic();
    const answer = await engine.request("GET", `${base}/public/${entry.slug}`);
    expect(answer.body).toMatchObject({
      derived_from_slug: null,
      seo: { keywords: ["money"] },
      cta: { url: null },
    });
    for (const field of ["staging_url", "distribution_id", "course_id", "tenant_id", "visibility"]) {
      expect(answer.body).not.toHaveProperty(field);
    }
  });
});

describe("counting", () => {
  test("counts fifty concurrent views as fifty, each with its own number in its event", async () => {
    const entry = await createPublic();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => engine.request("GET", `${base}/public/${entry.slug}`)),
    );
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect((await read(entry.id)).view_count).toBe(50);
    const counts = (await eventsOf(entry.id))
      .filter((event) => event.type === "distribution.viewed")
      .map((event) => event.payload.view_count);
    expect(counts.sort((left, right) => Number(left) - Number(right))).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  });

  test("does not count HEAD, prefetches and robots, but answers them", async () => {
    const entry = await createPublic();
    for (const [method, headers] of [
      ["HEAD", {}],
      ["GET", { "sec-purpose": "prefetch" }],
      ["GET", { purpose: "prefetch" }],
      ["GET", { "user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)" }],
    ] as [string, Record<string, string>][]) {
      for (const path of ["", "/page"]) {
        const answer = await engine.app.request(`${base}/public/${entry.slug}${path}`, { method, headers });
        expect(answer.status).toBe(200);
      }
    }
    expect((await read(entry.id)).view_count).toBe(0);
    expect(await typesOf(entry.id)).not.toContain("distribution.viewed");
  });

  test("keeps of the referrer its kind only, and nobody's identity", async () => {
    const entry = await createPublic();
    await engine.app.request(`${base}/public/${entry.slug}`, {
      headers: { referer: "https://www.google.com/search?q=secret", authorization: "Bearer x" },
    });
    const viewed = (await eventsOf(entry.id)).find((event) => event.type === "distribution.viewed");
    expect(viewed?.payload).toMatchObject({ referrer_category: "organic_search", view_count: 1 });
    expect(viewed?.actor_id).toBeNull();
    expect(JSON.stringify(viewed)).not.toContain("secret");
  });

  test("counts clicks on the call to action", async () => {
    const entry = await createPublic();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        engine.request("POST", `${base}/public/${entry.slug}/track-enrollment`),
      ),
    );
    for (const answer of answers) expect(answer.body).toMatchObject({ slug: entry.slug, tracked: true });
    expect((await read(entry.id)).enrollment_count).toBe(10);
    const clicked = (await eventsOf(entry.id)).filter(
      (event) => event.type === "distribution.enrollment_clicked",
    );
    expect(clicked).toHaveLength(10);
    expect(clicked[0]?.payload).toMatchObject({ cta_type: "primary_button" });
  });

  test("leads a browser on to the call to action, and thanks it where there is none", async () => {
    const headers = { accept: "text/html,application/xhtml+xml" };
    const withUrl = await createPublic({
      cta: { label: "Start now", action: "custom", url: "https://shop.example/a" },
    });
    const led = await engine.app.request(`${base}/public/${withUrl.slug}/track-enrollment`, {
      method: "POST",
      headers,
    });
    expect(led.status).toBe(303);
    expect(led.headers.get("location")).toBe("https://shop.example/a");
    const without = await createPublic();
    const thanked = await engine.app.request(`${base}/public/${without.slug}/track-enrollment`, {
      method: "POST",
      headers,
    });
    expect(thanked.status).toBe(200);
    expect(await thanked.text()).toContain("Thank you");
  });

  test("logs a view by id", async () => {
    const entry = await createPublic();
    const answer = await engine.request("POST", `${base}/distribution/${entry.id}/log-view`);
    expect(answer.body).toEqual({ distribution_id: entry.id, slug: entry.slug, view_count: 1 });
    const missing = await engine.request("POST", `${base}/distribution/${unknownId}/log-view`);
    expect(missing.status).toBe(404);
  });
});

describe("the page", () => {
  test("is HTML with a strict policy, and counts a view", async () => {
    const entry = await createPublic({ title: "</script><script>alert(1)</script>", language: "de" });
    const page = await engine.app.request(`http://courses.test${base}/public/${entry.slug}/page`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const text = await page.text();
    expect(text).toContain(`href="http://courses.test${base}/public/${entry.slug}/page"`);
    expect(text).toContain('<html lang="de">');
    expect(text).not.toContain("<script>alert");
    expect((await read(entry.id)).view_count).toBe(1);
  });
});

describe("publishing and unpublishing", () => {
  test("sets the time of publication at each publish and keeps it when unpublished", async () => {
    const entry = await createPublic();
    const first = (await read(entry.id)).published_at as string;
    const again = await engine.request("POST", `${base}/distribution/${entry.id}/publish`);
    expect(again.body).toMatchObject({ distribution_id: entry.id, published: true });
    const second = (await read(entry.id)).published_at as string;
    expect(Date.parse(second)).toBeGreaterThan(Date.parse(first));
    const hidden = await engine.request("POST", `${base}/distribution/${entry.id}/unpublish`);
    expect(hidden.status).toBe(200);
    expect(hidden.body).toMatchObject({ published: false });
    expect(await read(entry.id)).toMatchObject({ visibility: "private", published_at: second });
    expect((await engine.request("GET", `${base}/public/${entry.slug}`)).status).toBe(404);
    await engine.request("POST", `${base}/distribution/${entry.id}/unpublish`);
    expect(await typesOf(entry.id)).toEqual([
      "distribution.created",
      "distribution.published",
      "distribution.published",
      "distribution.unpublished",
    ]);
  });

  test.each(["publish", "unpublish", "version-bump", "log-view"])(
    "%s of an unknown id answers 404",
    async (action) => {
      for (const id of [unknownId, "nonsense", "dist_%00"]) {
        const answer = await engine.request("POST", `${base}/distribution/${id}/${action}`);
        expect(answer.status).toBe(404);
        expect(answer.body.error.code).toBe("not_found");
      }
    },
  );
});

describe("updating", () => {
  test("changes the named fields and records old and new values", async () => {
    const entry = await createPublic();
    const answer = await engine.request("PUT", `${base}/distribution/${entry.id}`, {
      title: "Money without banks",
      target_group: ["parents"],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.updated_fields).toEqual(["title", "target_group"]);
    expect(await read(entry.id)).toMatchObject({ title: "Money without banks", target_group: ["parents"] });
    const updated = (await eventsOf(entry.id)).at(-1);
    expect(updated).toMatchObject({
      type: "distribution.updated",
      payload: {
        updated_fields: ["title", "target_group"],
        old_values: { title: "Alternatives to banks", target_group: ["students"] },
        new_values: { title: "Money without banks", target_group: ["parents"] },
      },
    });
  });

  test("publishes nothing when nothing changes", async () => {
    const entry = await create();
    const { seo, cta, title } = await read(entry.id);
    const answer = await engine.request("PUT", `${base}/distribution/${entry.id}`, { seo, cta, title });
    expect(answer.status).toBe(200);
    expect(answer.body.updated_fields).toEqual([]);
    expect(await typesOf(entry.id)).toEqual(["distribution.created"]);
  });

  test("publishes and unpublishes when the visibility says so", async () => {
    const entry = await create();
    await engine.request("PUT", `${base}/distribution/${entry.id}`, { visibility: "public" });
    expect((await engine.request("GET", `${base}/public/${entry.slug}/outline`)).status).toBe(200);
    await engine.request("PUT", `${base}/distribution/${entry.id}`, { visibility: "private" });
    expect(await typesOf(entry.id)).toEqual([
      "distribution.created",
      "distribution.updated",
      "distribution.published",
      "distribution.updated",
      "distribution.unpublished",
    ]);
  });

  test("moves the entry to another slug, but not to a taken one", async () => {
    const entry = await createPublic();
    const other = await create();
    const taken = await engine.request("PUT", `${base}/distribution/${entry.id}`, { slug: other.slug });
    expect(taken.status).toBe(400);
    const slug = `moved-${entry.slug}`;
    expect((await engine.request("PUT", `${base}/distribution/${entry.id}`, { slug })).status).toBe(200);
    expect((await engine.request("GET", `${base}/public/${slug}`)).status).toBe(200);
    expect((await engine.request("GET", `${base}/public/${entry.slug}`)).status).toBe(404);
  });

  test("keeps contact addresses of the text out of the event", async () => {
    const entry = await create();
    const text = `${description} Questions go to kurs@example.org.`;
    const answer = await engine.request("PUT", `${base}/distribution/${entry.id}`, { description: text });
    expect(answer.status).toBe(200);
    expect((await read(entry.id)).description).toBe(text);
    expect(JSON.stringify((await eventsOf(entry.id)).at(-1))).not.toContain("kurs@example.org");
  });

  test("refuses fields that it does not know or that only events change, with 422", async () => {
    const entry = await create();
    for (const body of [
      { version: "v9" },
      { view_count: 1 },
      { staging_url: "https://x.example" },
      { title: "x" },
    ]) {
      expect((await engine.request("PUT", `${base}/distribution/${entry.id}`, body)).status).toBe(422);
    }
    expect(
      (await engine.request("PUT", `${base}/distribution/${unknownId}`, { title: "A valid title" })).status,
    ).toBe(404);
  });
});

describe("deleting", () => {
  test("removes the entry, frees its slug, leaves its variants and says who did it", async () => {
    const entry = await createPublic();
    const variant = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: entry.id,
    });
    const answer = await engine.request("DELETE", `${base}/distribution/${entry.id}`);
    expect(answer.status).toBe(204);
    expect((await engine.request("GET", `${base}/distribution/${entry.id}`)).status).toBe(404);
    expect((await engine.request("DELETE", `${base}/distribution/${entry.id}`)).status).toBe(404);
    expect(await read(variant.body.distribution_id)).toMatchObject({ derived_from: entry.id });
    const deleted = (await eventsOf(entry.id)).at(-1);
    expect(deleted).toMatchObject({
      type: "distribution.deleted",
      payload: { slug: entry.slug, course_id: entry.courseId, deleted_by: deleted?.actor_id ?? null },
    });
    await create({ slug: entry.slug, course_id: entry.courseId });
  });
});

describe("micro-niche variants", () => {
  test("derive from the parent, and record distribution.created before micro_niche_created", async () => {
    const parent = await createPublic();
    const answer = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: parent.id,
      derived_content: { title_override: "Banks for parents", target_group_override: ["parents"] },
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.body.slug).toBe(`${parent.slug}-parents`);
    const child = await read(answer.body.distribution_id);
    expect(child).toMatchObject({
      course_id: parent.courseId,
      derived_from: parent.id,
      title: "Banks for parents",
      target_group: ["parents"],
      description,
      visibility: "private",
      derived_content: { title_override: "Banks for parents", module_filters: null },
    });
    const events = await eventsOf(child.distribution_id);
    expect(events.map((event) => event.type)).toEqual([
      "distribution.created",
      "distribution.micro_niche_created",
    ]);
    expect(events[1]?.payload).toMatchObject({
      parent_distribution_id: parent.id,
      parent_slug: parent.slug,
      child_slug: answer.body.slug,
      target_group_override: ["parents"],
      title_override: "Banks for parents",
    });
    const variants = await engine.request("GET", `${base}/distribution?parent_id=${parent.id}`);
    expect((variants.body as { distribution_id: string }[]).map((row) => row.distribution_id)).toEqual([
      child.distribution_id,
    ]);
  });

  test("get a suffix when the automatic slug is taken, and are refused when the chosen one is", async () => {
    const parent = await create();
    const body = { parent_course_id: parent.id };
    const answers = await Promise.all(
      [1, 2, 3].map(() => engine.request("POST", `${base}/distribution/micro-niche`, body)),
    );
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201]);
    const slugs = answers.map((answer) => answer.body.slug as string);
    expect(new Set(slugs).size).toBe(3);
    expect(slugs).toContain(`${parent.slug}-variant`);
    const chosen = await engine.request("POST", `${base}/distribution/micro-niche`, {
      ...body,
      new_slug: parent.slug,
    });
    expect(chosen.status).toBe(400);
  });

  test("name their parent in public only while it is public", async () => {
    const parent = await createPublic();
    const { body } = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: parent.id,
    });
    await engine.request("POST", `${base}/distribution/${body.distribution_id}/publish`);
    const parentSlugs = async () => {
      const counted = await engine.request("GET", `${base}/public/${body.slug}`);
      const uncounted = await engine.request("GET", `${base}/public/${body.slug}`, undefined, {
        purpose: "prefetch",
      });
      return [counted.body.derived_from_slug, uncounted.body.derived_from_slug];
    };
    expect(await parentSlugs()).toEqual([parent.slug, parent.slug]);
    await engine.request("PUT", `${base}/distribution/${parent.id}`, { visibility: "unlisted" });
    expect(await parentSlugs()).toEqual([null, null]);
  });

  test("need a parent that exists, and acceptable overrides", async () => {
    for (const parent of [unknownId, crypto.randomUUID()]) {
      const answer = await engine.request("POST", `${base}/distribution/micro-niche`, {
        parent_course_id: parent,
      });
      expect(answer.status).toBe(404);
    }
    const parent = await create();
    const answer = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: parent.id,
      derived_content: { title_override: "short" },
    });
    expect(answer.status).toBe(422);
  });
});

describe("version bumps", () => {
  test("raise the version, each of concurrent ones by one", async () => {
    const entry = await create();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        engine.request("POST", `${base}/distribution/${entry.id}/version-bump`),
      ),
    );
    expect(answers.map((answer) => answer.body.new_version).sort()).toEqual(["v2", "v3", "v4", "v5", "v6"]);
    expect(await read(entry.id)).toMatchObject({ version: "v6" });
    expect((await eventsOf(entry.id)).at(-1)).toMatchObject({
      type: "distribution.version_bumped",
      payload: { old_version: "v5", new_version: "v6", changelog: null },
    });
  });
});

describe("operators' reads", () => {
  test("list the entries of a course with those that are private", async () => {
    const entry = await create();
    const answer = await engine.request("GET", `${base}/distribution?course_id=${entry.courseId}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject([
      { distribution_id: entry.id, visibility: "private", staging_url: null },
    ]);
    expect((await engine.request("GET", `${base}/distribution?parent_id=x`)).status).toBe(422);
    expect((await engine.request("GET", `${base}/distribution?limit=1`)).body).toHaveLength(1);
  });

  test("tell the health and the number of listed courses", async () => {
    await createPublic();
    const answer = await engine.request("GET", `${base}/distribution/health`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: "course_distribution", version: "1.0.0", status: "healthy" });
    expect(answer.body.public_courses_count).toBeGreaterThan(0);
  });
});
