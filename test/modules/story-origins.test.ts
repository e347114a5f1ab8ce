import { runJobsNow } from "@brain/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { createPublic } from "./course_distribution/fixtures.ts";
import { courseRequest } from "./course_factory/fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine.cleanup());

interface Node {
  readonly id: string;
  readonly type: string;
  readonly children: readonly Node[];
  readonly [field: string]: unknown;
}

/** Waits for what requests do behind their answers, and for all that follows. */
async function settleAll() {
  for (let round = 0; round < 4; round += 1) await engine.settle();
}

const story = async (id: string) =>
  (await engine.request("GET", `/api/events/correlation/${encodeURIComponent(id)}`)).body as {
    readonly count: number;
    readonly roots: readonly Node[];
  };
const all = (nodes: readonly Node[]): Node[] => nodes.flatMap((node) => [node, ...all(node.children)]);
const types = (nodes: readonly Node[]) => nodes.map(({ type }) => type);

const named = (id: string, actor?: string) => ({
  "x-correlation-id": id,
  ...(actor === undefined ? {} : { "x-actor-id": actor }),
});

describe("the story of a generated course", () => {
  test("is one tree, whose first node is the request with its answer", async () => {
    const id = `course-${crypto.randomUUID()}`;
    const answer = await engine.request(
      "POST",
      "/api/course-factory/generate/",
      courseRequest(),
      named(id, "author-1"),
    );
    expect(answer.status, answer.text).toBe(201);
    await settleAll();
    const { count, roots } = await story(id);
    expect(roots).toHaveLength(1);
    expect(roots[0]).toMatchObject({
      type: "request",
      request_id: answer.headers.get("x-request-id"),
      method: "POST",
      path: "/api/course-factory/generate",
      actor_id: "author-1",
      status: 201,
      timestamp: expect.stringMatching(/Z$/),
    });
    const nodes = all(roots);
    expect(nodes).toHaveLength(count);
    expect(types(nodes)).toEqual(
      expect.arrayContaining(["course.generation.started", "course.outline.created", "distribution.created"]),
    );
    // What it published itself hangs below it; what consumers published hangs below its cause.
    expect(types(roots[0]?.children ?? [])).toEqual(
      expect.arrayContaining(["course.generation.started", "course.generation.completed"]),
    );
    expect(types(roots[0]?.children ?? [])).not.toContain("distribution.created");
  });

  test("control: of events from before the column, each without a cause is a root", async () => {
    const id = `course-${crypto.randomUUID()}`;
    await engine.request("POST", "/api/course-factory/generate", courseRequest(), named(id));
    await settleAll();
    await engine.sql("UPDATE events SET origin = NULL WHERE correlation_id = $1", [id]);
    const { count, roots } = await story(id);
    expect(roots.length).toBeGreaterThan(1);
    expect(types(roots)).not.toContain("request");
    expect(all(roots)).toHaveLength(count);
  });

  test("is one tree also when the course is made by a mission", async () => {
    const id = `mission-${crypto.randomUUID()}`;
    const { dry_run: _, ...payload } = courseRequest();
    const answer = await engine.request(
      "POST",
      "/api/missions/enqueue",
      { type: "course.generate", payload },
      named(id),
    );
    expect(answer.status, answer.text).toBe(202);
    await settleAll();
    await engine.cron();
    await settleAll();
    const { count, roots } = await story(id);
    expect(types(roots)).toEqual(["request"]);
    expect(types(all(roots))).toContain("course.generation.completed");
    expect(all(roots)).toHaveLength(count);
  });

  test("names a request that was refused, with what it had told by then", async () => {
    const id = `blocked-${crypto.randomUUID()}`;
    const answer = await engine.request(
      "POST",
      "/api/course-factory/generate?approval_token=s3cr3t-token-value",
      courseRequest({ title: "Working in production", description: "Deploying with care.", language: "en" }),
      named(id),
    );
    expect(answer.status, answer.text).toBe(403);
    await settleAll();
    const { roots } = await story(id);
    expect(roots[0]).toMatchObject({ type: "request", status: 403, path: "/api/course-factory/generate" });
    expect(JSON.stringify(roots)).not.toContain("s3cr3t");
    const rows = await engine.sql("SELECT origin::text FROM events WHERE correlation_id = $1", [id]);
    expect(JSON.stringify(rows)).not.toContain("s3cr3t");
  });
});

test("of several requests with one correlation id, each is the root of what it published", async () => {
  const id = `tasks-${crypto.randomUUID()}`;
  for (const title of ["one", "two"]) {
    const answer = await engine.request("POST", "/api/tasks", { title }, named(id, "user-1"));
    expect(answer.status, answer.text).toBeLessThan(300);
  }
  await settleAll();
  const { roots } = await story(id);
  expect(types(roots)).toEqual(["request", "request"]);
  for (const root of roots) expect(root).toMatchObject({ path: "/api/tasks", children: [expect.anything()] });
});

test("the flat view has the request in front of its events, one level above them", async () => {
  const id = `flat-${crypto.randomUUID()}`;
  await engine.request("POST", "/api/tasks", { title: "flat" }, named(id));
  await settleAll();
  const { body } = await engine.request("GET", `/api/events/correlation/${id}?view=flat`);
  expect(body.events.map(({ type, depth }: Node) => [type, depth]).slice(0, 2)).toEqual([
    ["request", 0],
    [expect.stringMatching(/^task\./), 1],
  ]);
  expect(body.count).toBe(body.events.length);
});

test("a request whose isolate died before it ended has no status, and is named all the same", async () => {
  const id = `died-${crypto.randomUUID()}`;
  await engine.request("POST", "/api/tasks", { title: "died" }, named(id));
  await settleAll();
  await engine.sql("UPDATE events SET origin = origin - 'status' WHERE correlation_id = $1", [id]);
  expect((await story(id)).roots[0]).toMatchObject({ type: "request", status: null, method: "POST" });
});

test("what a job tells of without a cause hangs under the job", async () => {
  const { slug } = await createPublic(engine);
  await engine.sql("UPDATE course_distributions SET view_count = 7, untold_views = 7 WHERE slug = $1", [
    slug,
  ]);
  await runJobsNow(engine.open(), Date.now() + 10_000, ["course_counts_telling"], () => undefined);
  const [row] = await engine.sql<{ id: string; correlation_id: string }>(
    "SELECT id, correlation_id FROM events WHERE type = 'distribution.viewed' AND payload ->> 'slug' = $1",
    [slug],
  );
  expect((await story(row?.correlation_id ?? "")).roots).toMatchObject([
    {
      type: "job",
      name: "course_counts_telling",
      children: [{ type: "distribution.viewed", id: row?.id }],
    },
  ]);
});

test("a value in a path that is no id of ours is not kept", async () => {
  const token = "A".repeat(43);
  const answer = await engine.request("POST", `/api/agents/${token}/messages`, {
    from: "robot-1",
    message: { say: "hello" },
  });
  expect(answer.status, answer.text).toBe(202);
  const [row] = await engine.sql<{ origin: { path: string } }>("SELECT origin FROM events WHERE id = $1", [
    answer.body.event_id,
  ]);
  expect(row?.origin.path).toMatch(/^\/api\/agents\/:\w+\/messages$/);
});

test("the origin is not sent: the entry on the stream has the envelope and nothing else", async () => {
  const answer = await engine.request("POST", "/api/agents/robot-9/messages", {
    from: "robot-1",
    message: {},
  });
  await engine.settle();
  const entry = (await engine.streamEntries()).find(({ fields }) => fields.id === answer.body.event_id);
  expect(JSON.stringify(entry)).not.toContain("/api/agents");
  expect((await engine.request("GET", `/api/events/${answer.body.event_id}`)).body).not.toHaveProperty(
    "origin",
  );
});
