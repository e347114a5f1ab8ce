import { createDatabase } from "@brain/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProduct } from "../../../src/http-composition.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import {
  base,
  create,
  createBody,
  createPublic,
  description,
  eventsOf,
  read,
  typesOf,
  unknownId,
} from "./fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(async () => {
  await engine?.cleanup();
});

describe("creating an entry", () => {
  test("stores it private and records distribution.created with it", async () => {
    const body = createBody({ version: "v4" });
    const answer = await engine.request("POST", `${base}/distribution/create`, body);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ slug: body.slug, message: expect.any(String) });
    const id = answer.body.distribution_id as string;
    expect(id).toMatch(/^dist_[0-9a-f]{16}$/);
    expect(await read(engine, id)).toMatchObject({
      course_id: body.course_id,
      visibility: "private",
      version: "v4",
      published_at: null,
      staging_url: null,
      derived_from: null,
      view_count: 0,
      enrollment_count: 0,
    });
    const [created, ...others] = await eventsOf(engine, id);
    expect(others).toEqual([]);
    expect(created).toMatchObject({
      type: "distribution.created",
      payload: { course_id: body.course_id, slug: body.slug, visibility: "private", derived_from: null },
    });
  });

  test("refuses a taken slug with 400 and leaves nothing behind", async () => {
    const first = await create(engine);
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
    const first = await create(engine);
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

describe("publishing and unpublishing", () => {
  test("sets the time of publication at each publish and keeps it when unpublished", async () => {
    const entry = await createPublic(engine);
    const first = (await read(engine, entry.id)).published_at as string;
    const again = await engine.request("POST", `${base}/distribution/${entry.id}/publish`);
    expect(again.body).toMatchObject({ distribution_id: entry.id, published: true });
    const second = (await read(engine, entry.id)).published_at as string;
    expect(Date.parse(second)).toBeGreaterThan(Date.parse(first));
    const hidden = await engine.request("POST", `${base}/distribution/${entry.id}/unpublish`);
    expect(hidden.status).toBe(200);
    expect(hidden.body).toMatchObject({ published: false });
    expect(await read(engine, entry.id)).toMatchObject({ visibility: "private", published_at: second });
    expect((await engine.request("GET", `${base}/public/${entry.slug}`)).status).toBe(404);
    await engine.request("POST", `${base}/distribution/${entry.id}/unpublish`);
    expect(await typesOf(engine, entry.id)).toEqual([
      "distribution.created",
      "distribution.published",
      "distribution.published",
      "distribution.unpublished",
    ]);
  });

  test.each(["publish", "unpublish", "version-bump", "log-view"])(
    "%s of an unknown id answers 404",
    async (action) => {
      for (const id of [unknownId, "nonsense", "dist_%01"]) {
        const answer = await engine.request("POST", `${base}/distribution/${id}/${action}`);
        expect(answer.status).toBe(404);
        expect(answer.body.error.code).toBe("not_found");
      }
    },
  );
});

describe("what an operator says of a change", () => {
  const act = (id: string, action: string, body?: unknown) =>
    engine.request("POST", `${base}/distribution/${id}/${action}`, body);
  const last = async (id: string) => (await eventsOf(engine, id)).at(-1);

  test("reaches the event: the reason of unpublishing, and the changelog of a version", async () => {
    const entry = await createPublic(engine);
    const changelog = "Two lessons are new.\nThe quiz is longer.";
    expect((await act(entry.id, "version-bump", { changelog })).status).toBe(200);
    expect(await last(entry.id)).toMatchObject({
      type: "distribution.version_bumped",
      payload: { changelog },
    });
    expect((await act(entry.id, "unpublish", { reason: "It is being reworked" })).status).toBe(200);
    expect(await last(entry.id)).toMatchObject({
      type: "distribution.unpublished",
      payload: { reason: "It is being reworked" },
    });
  });

  test.each([
    ["public", "unlisted", { visibility: "unlisted", reason: "For members only" }],
    ["public", "private", { visibility: "private", reason: "It is being reworked" }],
    ["unlisted", "private", { visibility: "private", reason: null }],
    ["public", "unlisted", { visibility: "unlisted", reason: undefined }],
  ])("reaches the event when a PUT takes an entry from %s to %s", async (from, to, body) => {
    const entry = await createPublic(engine);
    const put = (fields: unknown) => engine.request("PUT", `${base}/distribution/${entry.id}`, fields);
    if (from !== "public") await put({ visibility: from });
    const answer = await put(body);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.updated_fields).toEqual(["visibility"]);
    const [updated, unpublished] = (await eventsOf(engine, entry.id)).slice(-2);
    expect(updated).toMatchObject({
      type: "distribution.updated",
      payload: { updated_fields: ["visibility"] },
    });
    expect(unpublished).toMatchObject({
      type: "distribution.unpublished",
      payload: { reason: body.reason ?? null, visibility: to },
    });
  });

  test("is not told of an entry that was not in the catalogue", async () => {
    const entry = await create(engine);
    const body = { visibility: "unlisted", reason: "For members only" };
    expect((await engine.request("PUT", `${base}/distribution/${entry.id}`, body)).status).toBe(200);
    expect(await typesOf(engine, entry.id)).toEqual(["distribution.created", "distribution.updated"]);
  });

  test.each([
    { reason: "It is being reworked" },
    { reason: "It is ready", visibility: "public" },
    { reason: "asked by anna@example.org", visibility: "private" },
    { reason: "", visibility: "private" },
  ])("is refused in a PUT where no event could carry it: %j", async (body) => {
    const entry = await createPublic(engine);
    const answer = await engine.request("PUT", `${base}/distribution/${entry.id}`, body);
    expect(answer.status).toBe(422);
    expect(answer.body.error.details).toMatchObject([{ path: "reason" }]);
    expect((await last(entry.id))?.type).toBe("distribution.published");
  });

  test.each([undefined, "", " ", {}, { reason: null }])(
    "may be left out: the body %j is taken, also as JSON",
    async (body) => {
      const entry = await createPublic(engine);
      const answer = await engine.request("POST", `${base}/distribution/${entry.id}/unpublish`, body, {
        "content-type": "application/json",
      });
      expect(answer.status, answer.text).toBe(200);
      expect(await last(entry.id)).toMatchObject({
        type: "distribution.unpublished",
        payload: { reason: null },
      });
    },
  );

  test.each([
    ["unpublish", { reason: "" }],
    ["unpublish", { reason: "x".repeat(501) }],
    ["unpublish", { reason: "asked by anna@example.org" }],
    ["unpublish", { why: "reworked" }],
    ["unpublish", []],
    ["version-bump", { changelog: "x".repeat(2001) }],
    ["version-bump", { changelog: "key sk_live_0123456789abcdef" }],
    ["version-bump", { changelog: 5 }],
    ["version-bump", { changes: "two lessons" }],
  ])("%s with %j is refused, and nothing changes", async (action, body) => {
    const entry = await createPublic(engine);
    const answer = await act(entry.id, action, body);
    expect(answer.status).toBe(422);
    expect(answer.body.error).toMatchObject({ code: "validation_failed", details: [expect.any(Object)] });
    expect(await read(engine, entry.id)).toMatchObject({ visibility: "public", version: "v1" });
    expect((await last(entry.id))?.type).toBe("distribution.published");
  });
});

describe("updating", () => {
  test("changes the named fields and records old and new values", async () => {
    const entry = await createPublic(engine);
    const answer = await engine.request("PUT", `${base}/distribution/${entry.id}`, {
      title: "Money without banks",
      target_group: ["parents"],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.updated_fields).toEqual(["title", "target_group"]);
    expect(await read(engine, entry.id)).toMatchObject({
      title: "Money without banks",
      target_group: ["parents"],
    });
    const updated = (await eventsOf(engine, entry.id)).at(-1);
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
    const entry = await create(engine);
    const { seo, cta, title } = await read(engine, entry.id);
    const answer = await engine.request("PUT", `${base}/distribution/${entry.id}`, { seo, cta, title });
    expect(answer.status).toBe(200);
    expect(answer.body.updated_fields).toEqual([]);
    expect(await typesOf(engine, entry.id)).toEqual(["distribution.created"]);
  });

  test("publishes and unpublishes when the visibility says so", async () => {
    const entry = await create(engine);
    await engine.request("PUT", `${base}/distribution/${entry.id}`, { visibility: "public" });
    expect((await engine.request("GET", `${base}/public/${entry.slug}/outline`)).status).toBe(200);
    await engine.request("PUT", `${base}/distribution/${entry.id}`, { visibility: "private" });
    expect(await typesOf(engine, entry.id)).toEqual([
      "distribution.created",
      "distribution.updated",
      "distribution.published",
      "distribution.updated",
      "distribution.unpublished",
    ]);
  });

  test("moves the entry to another slug, but not to a taken one", async () => {
    const entry = await createPublic(engine);
    const other = await create(engine);
    const taken = await engine.request("PUT", `${base}/distribution/${entry.id}`, { slug: other.slug });
    expect(taken.status).toBe(400);
    const slug = `moved-${entry.slug}`;
    expect((await engine.request("PUT", `${base}/distribution/${entry.id}`, { slug })).status).toBe(200);
    expect((await engine.request("GET", `${base}/public/${slug}`)).status).toBe(200);
    expect((await engine.request("GET", `${base}/public/${entry.slug}`)).status).toBe(404);
  });

  test("keeps contact addresses of the text out of the event", async () => {
    const entry = await create(engine);
    const text = `${description} Questions go to kurs@example.org.`;
    const answer = await engine.request("PUT", `${base}/distribution/${entry.id}`, { description: text });
    expect(answer.status).toBe(200);
    expect((await read(engine, entry.id)).description).toBe(text);
    expect(JSON.stringify((await eventsOf(engine, entry.id)).at(-1))).not.toContain("kurs@example.org");
  });

  test("refuses fields that it does not know or that only events change, with 422", async () => {
    const entry = await create(engine);
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
    const entry = await createPublic(engine);
    const variant = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: entry.id,
    });
    const answer = await engine.request("DELETE", `${base}/distribution/${entry.id}`);
    expect(answer.status).toBe(204);
    expect((await engine.request("GET", `${base}/distribution/${entry.id}`)).status).toBe(404);
    expect((await engine.request("DELETE", `${base}/distribution/${entry.id}`)).status).toBe(404);
    expect(await read(engine, variant.body.distribution_id)).toMatchObject({ derived_from: entry.id });
    const deleted = (await eventsOf(engine, entry.id)).at(-1);
    expect(deleted).toMatchObject({
      type: "distribution.deleted",
      payload: { slug: entry.slug, course_id: entry.courseId, deleted_by: deleted?.actor_id ?? null },
    });
    await create(engine, { slug: entry.slug, course_id: entry.courseId });
  });
});

describe("micro-niche variants", () => {
  test("derive from the parent, and record distribution.created before micro_niche_created", async () => {
    const parent = await createPublic(engine);
    const answer = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: parent.id,
      derived_content: { title_override: "Banks for parents", target_group_override: ["parents"] },
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.body.slug).toBe(`${parent.slug}-parents`);
    const child = await read(engine, answer.body.distribution_id);
    expect(child).toMatchObject({
      course_id: parent.courseId,
      derived_from: parent.id,
      title: "Banks for parents",
      target_group: ["parents"],
      description,
      visibility: "private",
      derived_content: { title_override: "Banks for parents", module_filters: null },
    });
    const events = await eventsOf(engine, child.distribution_id);
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
    const parent = await create(engine);
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
    const parent = await createPublic(engine);
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
    const parent = await create(engine);
    const answer = await engine.request("POST", `${base}/distribution/micro-niche`, {
      parent_course_id: parent.id,
      derived_content: { title_override: "short" },
    });
    expect(answer.status).toBe(422);
  });
});

describe("version bumps", () => {
  test("raise the version, each of concurrent ones by one", async () => {
    const entry = await create(engine);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        engine.request("POST", `${base}/distribution/${entry.id}/version-bump`),
      ),
    );
    expect(answers.map((answer) => answer.body.new_version).sort()).toEqual(["v2", "v3", "v4", "v5", "v6"]);
    expect(await read(engine, entry.id)).toMatchObject({ version: "v6" });
    expect((await eventsOf(engine, entry.id)).at(-1)).toMatchObject({
      type: "distribution.version_bumped",
      payload: { old_version: "v5", new_version: "v6", changelog: null },
    });
  });
});

describe("operators' reads", () => {
  test("list all entries page by page, each once, also those of one moment", async () => {
    const tenant_id = `tenant-${crypto.randomUUID()}`;
    const made: string[] = [];
    for (let n = 0; n < 7; n += 1) made.push((await create(engine, { tenant_id })).id);
    // Four of one moment, so that the id decides.
    await engine.sql(
      "UPDATE course_distributions SET created_at = '2026-01-02T03:04:05.678Z' WHERE distribution_id = ANY($1)",
      [made.slice(0, 4)],
    );
    const seen: string[] = [];
    let path: string | null = `${base}/distribution?tenant_id=${tenant_id}&limit=3`;
    let pages = 0;
    while (path !== null) {
      const page: Awaited<ReturnType<typeof engine.request>> = await engine.request("GET", path);
      expect(page.status, page.text).toBe(200);
      seen.push(...page.body.map((entry: { distribution_id: string }) => entry.distribution_id));
      pages += 1;
      const link: string | null = page.headers.get("link");
      path = link === null ? null : (/^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? "no link");
    }
    expect(pages).toBe(3);
    expect(new Set(seen).size).toBe(7);
    expect([...seen].sort()).toEqual([...made].sort());
    const whole = await engine.request("GET", `${base}/distribution?tenant_id=${tenant_id}&limit=100`);
    expect(whole.body.map((entry: { distribution_id: string }) => entry.distribution_id)).toEqual(seen);
    expect(whole.headers.get("link")).toBeNull();
  });

  test.each(["x", "1_2", "1_dist_0", "99999999999999999_dist_0000000000000000", "-1_dist_0000000000000000"])(
    "a cursor %j is refused",
    async (cursor) => {
      const refused = await engine.request("GET", `${base}/distribution?cursor=${cursor}`);
      expect(refused.status, refused.text).toBe(422);
    },
  );

  test("list the entries of a course with those that are private", async () => {
    const entry = await create(engine);
    const answer = await engine.request("GET", `${base}/distribution?course_id=${entry.courseId}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject([
      { distribution_id: entry.id, visibility: "private", staging_url: null },
    ]);
    expect((await engine.request("GET", `${base}/distribution?parent_id=x`)).status).toBe(422);
    expect((await engine.request("GET", `${base}/distribution?limit=1`)).body).toHaveLength(1);
  });

  test("tell the health and the number of listed courses", async () => {
    await createPublic(engine);
    const answer = await engine.request("GET", `${base}/distribution/health`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: "course_distribution", version: "1.0.0", status: "healthy" });
    expect(answer.body.public_courses_count).toBeGreaterThan(0);
  });

  test("call the health degraded when the catalogue cannot be read", async () => {
    const app = openProduct(engine.config).createApp(() => ({
      // Nothing listens on this port.
      invocation: { ...engine.open(), db: createDatabase("postgres://nobody:x@127.0.0.1:9/none") },
      apiKey: testApiKey,
      waitUntil: () => undefined,
      afterCommit: () => undefined,
      startJobs: () => undefined,
    }));
    const answer = await app.request(`${base}/distribution/health`, {
      headers: { authorization: `Bearer ${testApiKey}` },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: "degraded", public_courses_count: null });
    const catalogue = await app.request(`${base}/public`);
    expect(catalogue.status).toBe(503);
  });
});

describe("access", () => {
  test.each([
    ["GET", "/distribution"],
    ["GET", "/distribution/health"],
    ["GET", `/distribution/${unknownId}`],
    ["PUT", `/distribution/${unknownId}`],
    ["DELETE", `/distribution/${unknownId}`],
    ["POST", "/distribution/create"],
    ["POST", "/distribution/micro-niche"],
    ["POST", `/distribution/${unknownId}/publish`],
    ["POST", `/distribution/${unknownId}/log-view`],
    ["GET", "/publicity"],
  ])("%s %s needs a key", async (method, path) => {
    expect((await engine.app.request(`${base}${path}`, { method })).status).toBe(401);
  });

  test("the public catalogue needs none", async () => {
    const entry = await createPublic(engine);
    for (const path of ["", `/${entry.slug}`, `/${entry.slug}/outline`, `/${entry.slug}/page`]) {
      expect((await engine.app.request(`${base}/public${path}`)).status, path).toBe(200);
    }
  });
});

describe("requests that are no good", () => {
  test("a body that is not JSON answers 400", async () => {
    const answer = await engine.request("POST", `${base}/distribution/create`, "{not json");
    expect(answer.status).toBe(400);
  });

  test("a title that would carry an e-mail address into the event is refused, and nothing is stored", async () => {
    const body = createBody({ title: "Write to kurs@example.org" });
    const answer = await engine.request("POST", `${base}/distribution/create`, body);
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body.error)).toContain("title");
    expect(JSON.stringify(answer.body.error)).not.toContain("kurs@example.org");
    expect((await engine.request("GET", `${base}/distribution?course_id=${body.course_id}`)).body).toEqual(
      [],
    );
  });
});
