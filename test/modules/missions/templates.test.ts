import { PermanentError } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createMissions, handler, type MissionSurface } from "./fixture.ts";

let missions: MissionSurface;
let broken = false;
/** Unix ms at which the clock of requests stands; null: it goes. */
let standsAtMs: number | null = null;
const done: unknown[] = [];
beforeAll(async () => {
  const settings = {
    handlers: [
      handler("step", async ({ payload }) => {
        if (broken && payload.n === 2) throw new PermanentError("Broken.");
        done.push(payload.n);
        return {};
      }),
      handler("picky", async () => ({}), {
        validate: ({ size }) =>
          typeof size === "number" ? null : [{ path: "size", message: "expected a number" }],
      }),
    ],
  };
  missions = await createMissions(settings, () => standsAtMs ?? Date.now());
});
afterAll(() => missions?.cleanup());

const url = "/api/missions/templates";
const steps = [3, 1, 2].map((order) => ({ order, action: "test.step", config: { n: order } }));
const template = { name: "Three steps", category: "tests", steps };

async function create(fields: JsonObject = {}): Promise<string> {
  const reply = await missions.post(url, { ...template, ...fields });
  if (reply.status !== 201) throw new Error(reply.text);
  return reply.body.id;
}
const run = (id: string, body: JsonObject = {}) => missions.post(`${url}/${id}/instantiate`, body);
const statuses = async (runId: string) =>
  (
    await missions.sql<{ status: string }>("SELECT status FROM missions WHERE run_id = $1 ORDER BY step", [
      runId,
    ])
  ).map(({ status }) => status);

const deepText = (levels: number): JsonObject =>
  JSON.parse(`${'{"a":'.repeat(levels)}"{{v}}"${"}".repeat(levels)}`);

describe("a step that grows with its variables", () => {
  test.each<[string, JsonObject, JsonObject]>([
    [
      "values in a text are too much",
      { type: "string" },
      { config: { text: "{{v}}".repeat(10_000) }, value: "x".repeat(60_000) },
    ],
    [
      "values are too much that stand alone",
      { type: "array" },
      { config: { list: Array(1_000).fill("{{v}}") }, value: ["x".repeat(60_000)] },
    ],
    [
      "a value and its surroundings are too much together",
      { type: "string" },
      { config: { around: "x".repeat(40_000), text: "{{v}}" }, value: "y".repeat(40_000) },
    ],
    ["a value makes it too deep", { type: "object" }, { config: deepText(50), value: deepText(50) }],
  ])("is refused where %s, and makes no mission", async (_what, variable, { config, value }) => {
    const id = await create({
      steps: [{ order: 4, action: "test.step", config: config as JsonObject }],
      variables: { v: variable },
    });
    const reply = await run(id, { variables: { v: value as JsonObject } });
    expect(reply.status, reply.text.slice(0, 300)).toBe(422);
    expect(reply.body.error.details).toEqual([
      { path: "steps.4.config", message: expect.stringContaining("with the variables") },
    ]);
    expect(await missions.sql("SELECT 1 FROM missions WHERE template_id = $1", [id])).toEqual([]);
  });
});

describe("a template", () => {
  test("is made, read, replaced and removed", async () => {
    const id = await create({ description: "For tests." });
    const read = await missions.get(`/templates/${id}`);
    expect(read.body).toMatchObject({
      id,
      name: "Three steps",
      category: "tests",
      description: "For tests.",
      variables: {},
      unknown_actions: [],
    });
    expect(read.body.steps.map(({ order }: { order: number }) => order)).toEqual([1, 2, 3]);
    const replaced = await missions.send(`${url}/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "One step", steps: [{ order: 1, action: "nobody.does" }] }),
    });
    expect(replaced.body).toMatchObject({
      id,
      name: "One step",
      category: "general",
      unknown_actions: ["nobody.does"],
    });
    expect((await missions.send(`${url}/${id}`, { method: "DELETE" })).status).toBe(204);
    for (const method of ["GET", "DELETE"])
      expect((await missions.send(`${url}/${id}`, { method })).status).toBe(404);
    expect((await run(id)).status).toBe(404);
    expect((await missions.get("/templates/unknown")).status).toBe(404);
  });

  test("is found by its category, on pages", async () => {
    const category = `c-${crypto.randomUUID()}`;
    const ids = [
      await create({ category }),
      await create({ category }),
      await create({ category }),
    ].reverse();
    const first = (await missions.get(`/templates?category=${category}&limit=2`)).body;
    const second = (await missions.get(`/templates?category=${category}&limit=2&cursor=${first.next_cursor}`))
      .body;
    const seen = [...first.templates, ...second.templates].map(({ id }: { id: string }) => id);
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(seen).toHaveLength(3);
    const { categories } = (await missions.get("/templates/categories")).body;
    expect(categories).toContainEqual({ name: category, templates: 3 });
  });

  test.each<[string, JsonObject]>([
    ["name", { name: "" }],
    ["steps", { steps: [] }],
    ["steps.1.order", { steps: [steps[0] ?? {}, steps[0] ?? {}] }],
    ["steps.0.order", { steps: [{ order: 0, action: "echo" }] }],
    ["steps.0.action", { steps: [{ order: 1, action: "Not a type" }] }],
    ["steps.0.config", { steps: [{ order: 1, action: "echo", config: { a: "{{who}}" } }] }],
    ["variables.n.default", { variables: { n: { type: "number", default: "x" } } }],
    ["variables.n.type", { variables: { n: { type: "date" } } }],
    ["", { extra: 1 }],
  ])("is refused when it cannot work: %s", async (path, fields) => {
    const reply = await missions.post(url, { ...template, ...fields });
    expect(reply.status, reply.text).toBe(422);
    expect(reply.body.error.details.map((issue: { path: string }) => issue.path)).toContain(path);
  });
});

describe("a run of a template", () => {
  test("fills in the variables, with their types", async () => {
    const id = await create({
      steps: [{ order: 1, action: "echo", config: { text: "Hello {{who}}", n: "{{n}}" } }],
      variables: {
        who: { type: "string", required: true, description: "whom to greet" },
        n: { type: "number", default: 7 },
      },
    });
    const reply = await run(id, {
      variables: { who: "Ada" },
      name: "Greeting",
      priority: 30,
      tenant_id: "tenant-a",
    });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      template_id: id,
      missions: [{ status: "queued", step: 1, type: "echo" }],
    });
    const mission = (await missions.get(`/${reply.body.missions[0].mission_id}`)).body;
    expect(mission).toMatchObject({
      name: "Greeting",
      data: { text: "Hello Ada", n: 7 },
      priority: 30,
      tenant_id: "tenant-a",
      template_id: id,
      run_id: reply.body.run_id,
    });
    const before = await missions.recorded();
    for (const [variables, message] of [
      [{}, "is missing, and required"],
      [{ who: 1 }, "expected string"],
      [{ who: "A", x: 1 }, "no such variable"],
    ] as const) {
      const refused = await run(id, { variables });
      expect(refused.status).toBe(422);
      expect(refused.text).toContain(message);
    }
    expect(await missions.recorded()).toBe(before);
    await missions.work();
  });

  test("does its steps one after the other, each when the one before is completed", async () => {
    done.length = 0;
    const reply = await run(await create());
    expect(reply.body.missions.map(({ step, status }: JsonObject) => [step, status])).toEqual([
      [1, "queued"],
      [2, "pending"],
      [3, "pending"],
    ]);
    await missions.work();
    expect(done).toEqual([1, 2, 3]);
    expect(await statuses(reply.body.run_id)).toEqual(["completed", "completed", "completed"]);
    const [first, second] = await Promise.all(
      [0, 1].map((at) => missions.story(reply.body.missions[at].mission_id)),
    );
    const queued = second?.find(({ type }) => type === "task.created");
    expect(queued).toMatchObject({ causation_id: first?.at(-1)?.id, source: "mission_worker" });
    expect(first?.at(-1)?.type).toBe("mission.completed");
  });

  test("waits for a step that failed, and goes on when that is executed again", async () => {
    broken = true;
    done.length = 0;
    const { run_id: runId, missions: made } = (await run(await create())).body;
    await missions.work();
    expect(await statuses(runId)).toEqual(["completed", "failed", "pending"]);
    const early = await missions.send(`/api/missions/${made[2].mission_id}/execute`, { method: "POST" });
    expect(early.status).toBe(409);
    expect(early.text).toContain("earlier step");
    broken = false;
    await missions.send(`/api/missions/${made[1].mission_id}/execute`, { method: "POST" });
    await missions.work();
    expect(await statuses(runId)).toEqual(["completed", "completed", "completed"]);
    expect(done).toEqual([1, 2, 3]);
  });

  test("ends when a step is cancelled: those behind it are cancelled too", async () => {
    const { run_id: runId, missions: made } = (await run(await create())).body;
    await missions.post(`/api/missions/${made[0].mission_id}/cancel`, { reason: "stop" });
    expect(await statuses(runId)).toEqual(["cancelled", "cancelled", "cancelled"]);
    const last = await missions.story(made[2].mission_id);
    expect(last.map(({ type }) => type)).toEqual(["mission.created", "mission.cancelled"]);
  });

  test("is refused as a whole when one step cannot work", async () => {
    const before = await missions.sql("SELECT FROM missions");
    const config = { size: "{{size}}" };
    const picky = await create({
      steps: [
        { order: 1, action: "echo" },
        { order: 5, action: "test.picky", config },
      ],
      variables: { size: { type: "string" } },
    });
    const reply = await run(picky, { variables: { size: "big" } });
    expect(reply.status).toBe(422);
    expect(reply.body.error.details).toEqual([{ path: "steps.5.config.size", message: "expected a number" }]);
    const unknown = await create({ steps: [{ order: 1, action: "nobody.does" }] });
    expect((await run(unknown)).text).toContain("Nobody here does missions of type");
    expect(await missions.sql("SELECT FROM missions")).toHaveLength(before.length);
  });

  test("is possible five times a minute for each template", async () => {
    const [busy, other] = [await create(), await create()];
    // The counter belongs to a minute of the clock, which must not end here.
    standsAtMs = Date.now();
    onTestFinished(() => {
      standsAtMs = null;
    });
    for (let n = 0; n < 5; n += 1) expect((await run(busy)).status).toBe(201);
    const refused = await run(busy);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await run(other)).status).toBe(201);
  });
});
