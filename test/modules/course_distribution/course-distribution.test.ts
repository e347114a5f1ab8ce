import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { base, create, createPublic, description, eventsOf, read, typesOf, unknownId } from "./fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(async () => {
  await engine?.cleanup();
});

describe("the public catalogue", () => {
  test("lists published entries only, newest published first", async () => {
    const language = "pt";
    const first = await createPublic(engine, { language });
    const second = await createPublic(engine, { language });
    await create(engine, { language });
    const unlisted = await create(engine, { language });
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
      await createPublic(engine, { language }),
      await createPublic(engine, { language }),
      await createPublic(engine, { language }),
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
    const inTitle = await createPublic(engine, { title: `Course ${marker} 100% real` });
    const inText = await createPublic(engine, { description: `${description} ${marker.toUpperCase()}` });
    await create(engine, { title: `Private ${marker} course` });
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
    const hidden = await create(engine);
    const answers: unknown[] = [];
    for (const slug of [hidden.slug, "no-such-course", "x", "UPPER-CASE", "%01bad-slug", "a'b--c"]) {
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
    expect(await typesOf(engine, hidden.id)).toEqual(["distribution.created"]);
  });

  test("serves an unlisted entry to who knows the slug", async () => {
    const entry = await create(engine);
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
    const entry = await createPublic(engine);
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
    const entry = await createPublic(engine);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => engine.request("GET", `${base}/public/${entry.slug}`)),
    );
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect((await read(engine, entry.id)).view_count).toBe(50);
    const counts = (await eventsOf(engine, entry.id))
      .filter((event) => event.type === "distribution.viewed")
      .map((event) => event.payload.view_count);
    expect(counts.sort((left, right) => Number(left) - Number(right))).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  });

  test("does not count HEAD, prefetches and robots, but answers them", async () => {
    const entry = await createPublic(engine);
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
    expect((await read(engine, entry.id)).view_count).toBe(0);
    expect(await typesOf(engine, entry.id)).not.toContain("distribution.viewed");
  });

  test("counts curl where it reads the JSON, with its event, and not where it fetches the page", async () => {
    const entry = await createPublic(engine);
    const headers = { "user-agent": "curl/8.5.0" };
    await engine.app.request(`${base}/public/${entry.slug}/page`, { headers });
    expect((await read(engine, entry.id)).view_count).toBe(0);
    await engine.app.request(`${base}/public/${entry.slug}`, { headers });
    expect((await read(engine, entry.id)).view_count).toBe(1);
    const viewed = (await eventsOf(engine, entry.id)).filter((event) => event.type === "distribution.viewed");
    expect(viewed).toHaveLength(1);
  });

  test("keeps of the referrer its kind only, and nobody's identity", async () => {
    const entry = await createPublic(engine);
    await engine.app.request(`${base}/public/${entry.slug}`, {
      headers: { referer: "https://www.google.com/search?q=secret", authorization: "Bearer x" },
    });
    const viewed = (await eventsOf(engine, entry.id)).find((event) => event.type === "distribution.viewed");
    expect(viewed?.payload).toMatchObject({ referrer_category: "organic_search", view_count: 1 });
    expect(viewed?.actor_id).toBeNull();
    expect(JSON.stringify(viewed)).not.toContain("secret");
  });

  test("counts clicks on the call to action", async () => {
    const entry = await createPublic(engine);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        engine.request("POST", `${base}/public/${entry.slug}/track-enrollment`),
      ),
    );
    for (const answer of answers) expect(answer.body).toMatchObject({ slug: entry.slug, tracked: true });
    expect((await read(engine, entry.id)).enrollment_count).toBe(10);
    const clicked = (await eventsOf(engine, entry.id)).filter(
      (event) => event.type === "distribution.enrollment_clicked",
    );
    expect(clicked).toHaveLength(10);
    expect(clicked[0]?.payload).toMatchObject({ cta_type: "primary_button" });
  });

  test("a flood is counted in full and told in sixty events and one", async () => {
    const entry = await createPublic(engine);
    // All within a minute: the next one begins no sooner than this test is done, or everything is counted once more.
    for (let ten = 0; ten < 5; ten += 1) {
      const answers = await Promise.all([
        ...Array.from({ length: 20 }, () => engine.request("GET", `${base}/public/${entry.slug}`)),
        ...Array.from({ length: 10 }, () =>
          engine.request("POST", `${base}/public/${entry.slug}/track-enrollment`),
        ),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200));
    }
    expect(await read(engine, entry.id)).toMatchObject({ view_count: 100, enrollment_count: 50 });
    const { scheduleJob } = await import("../../../src/engine/dispatch/scheduled-jobs.ts");
    await scheduleJob(engine.open(), "course_counts_telling", new Date(0));
    await engine.cron();
    const events = (await eventsOf(engine, entry.id)).filter(({ type }) => type.match(/viewed|clicked/));
    // A minute may have ended in between; then sixty more were told one by one.
    expect(events.length).toBeLessThanOrEqual(60 + 60 + 2);
    const sum = (type: string, field: string) =>
      events
        .filter((event) => event.type === type)
        .reduce((total, { payload }) => total + Number(payload[field] ?? 1), 0);
    expect(sum("distribution.viewed", "views")).toBe(100);
    expect(sum("distribution.enrollment_clicked", "clicks")).toBe(50);
    await scheduleJob(engine.open(), "course_counts_telling", new Date(0));
    await engine.cron();
    const again = (await eventsOf(engine, entry.id)).filter(({ type }) => type.match(/viewed|clicked/));
    expect(again).toHaveLength(events.length);
  });

  test("leads a browser on to the call to action, and thanks it where there is none", async () => {
    const headers = { accept: "text/html,application/xhtml+xml" };
    const withUrl = await createPublic(engine, {
      cta: { label: "Start now", action: "custom", url: "https://shop.example/a" },
    });
    const led = await engine.app.request(`${base}/public/${withUrl.slug}/track-enrollment`, {
      method: "POST",
      headers,
    });
    expect(led.status).toBe(303);
    expect(led.headers.get("location")).toBe("https://shop.example/a");
    const without = await createPublic(engine);
    const thanked = await engine.app.request(`${base}/public/${without.slug}/track-enrollment`, {
      method: "POST",
      headers,
    });
    expect(thanked.status).toBe(200);
    expect(await thanked.text()).toContain("What happens next");
  });

  test("logs a view by id", async () => {
    const entry = await createPublic(engine);
    const answer = await engine.request("POST", `${base}/distribution/${entry.id}/log-view`);
    expect(answer.body).toEqual({ distribution_id: entry.id, slug: entry.slug, view_count: 1 });
    const missing = await engine.request("POST", `${base}/distribution/${unknownId}/log-view`);
    expect(missing.status).toBe(404);
  });
});

describe("the page", () => {
  test("is HTML with a strict policy, and counts a view", async () => {
    const entry = await createPublic(engine, { title: "</script><script>alert(1)</script>", language: "de" });
    const page = await engine.app.request(`http://courses.test${base}/public/${entry.slug}/page`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const text = await page.text();
    // Nobody has said where this service is found, and a Host header decides nothing.
    expect(text).not.toContain("canonical");
    expect(text).not.toContain("courses.test");
    expect(text).toContain('<html lang="de">');
    expect(text).not.toContain("<script>alert");
    expect((await read(engine, entry.id)).view_count).toBe(1);
  });
});
