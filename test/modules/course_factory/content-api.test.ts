import { createServer, type Server } from "node:http";
import { text as readText } from "node:stream/consumers";
import { callOutside, TransientError, UpstreamError } from "@brain/engine";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "../../../src/http/app.ts";
import { askForJson } from "../../../src/modules/course_factory/content/chat-client.ts";
import { courseFactoryRoutes } from "../../../src/modules/course_factory/routes.ts";
import { irGovernanceGate } from "../../../src/modules/ir_governance/gate.ts";
import { firstThatKnows } from "../../../src/modules/ports/course-catalogue.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { listen } from "../../listening.ts";
import { eventually } from "../../wait-for.ts";

/*
 * A content service of our own: real HTTP, scripted answers. Each part of a course is told by the JSON it is asked for.
 */

const key = "sk-content-secret-0123456789";

type Part = "outline" | "lesson" | "quiz" | "landing";

interface Call {
  readonly part: Part;
  readonly authorization: string | undefined;
  readonly url: string | undefined;
  readonly body: {
    readonly model: string;
    readonly response_format: unknown;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
  };
}

/** What the service sends: a status with headers, or the text of the model's message. */
interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: string;
  readonly raw?: string;
  readonly delayMs?: number;
}

let calls: Call[] = [];
let script: (call: Call, nth: number) => Reply | null = () => null;
let server: Server;
let url = "";
let engine: TestEngine;

function partOf(body: Call["body"]): Part {
  const task = body.messages[1]?.content.split("\n").at(-1) ?? "";
  if (task.includes('"modules"')) return "outline";
  if (task.includes("content_markdown")) return "lesson";
  return task.includes("correct_option") ? "quiz" : "landing";
}

const objectives = ["understand it"];
const outline = {
  modules: ["One", "Two", "Three", "Four"].map((title) => ({
    title: `Module ${title}`,
    description: `About ${title}`,
    learning_objectives: objectives,
    lessons: [1, 2, 3].map((number) => ({
      title: `Lesson ${title}.${number}`,
      description: `What ${title}.${number} is about`,
      learning_objectives: objectives,
      estimated_duration_minutes: 20,
    })),
  })),
};
const good: Readonly<Record<Part, unknown>> = {
  outline,
  lesson: { content_markdown: `# Lesson\n\n${"A sentence with five words. ".repeat(90)}` },
  quiz: {
    questions: Array.from({ length: 15 }, (_, index) => ({
      question: `What is right about part ${index}?`,
      correct_option: `right ${index}`,
      wrong_options: ["wrong 1", "wrong 2", "wrong 3"],
      explanation: "Because the lesson says so.",
      difficulty: "medium",
    })),
  },
  landing: {
    hero_subtitle: "A course about a subject",
    hero_cta_text: "Begin",
    value_proposition: "You learn what the subject is about and how to use it from day to day.",
    for_whom_points: ["a", "b", "c"],
    not_for_whom_points: ["d", "e"],
    features: ["f"],
  },
};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = JSON.parse(await readText(request)) as Call["body"];
    const call = { part: partOf(body), authorization: request.headers.authorization, url: request.url, body };
    calls.push(call);
    const nth = calls.filter((other) => other.part === call.part).length;
    const reply = script(call, nth) ?? { content: JSON.stringify(good[call.part]) };
    if (reply.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(
      reply.raw ?? JSON.stringify({ choices: [{ message: { role: "assistant", content: reply.content } }] }),
    );
  });
  const port = await listen(server);
  url = `http://127.0.0.1:${port}/v1`;
  engine = await createTestEngine({
    CONTENT_API_URL: url,
    CONTENT_API_KEY: key,
    CONTENT_MODEL: "test-model",
  });
});
afterAll(async () => {
  await engine.cleanup();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  calls = [];
  script = () => null;
});

const request = {
  tenant_id: "tenant-a",
  title: "Learning with a service",
  description: "A course that a model writes.",
  language: "en",
  target_audiences: ["students"],
  full_lessons_count: 3,
  dry_run: false,
};

const generate = () => engine.request("POST", "/api/course-factory/generate", request);

async function types(courseId: string): Promise<string[]> {
  const rows = await engine.sql<{ type: string }>(
    "SELECT type FROM events WHERE payload ->> 'course_id' = $1 ORDER BY position",
    [courseId],
  );
  return rows.map((row) => row.type);
}

describe("a course written by a content service", () => {
  test("asks part by part in JSON mode and keeps what it answered", async () => {
    const answer = await generate();
    expect(answer.status, answer.text).toBe(201);
    expect(calls.map((call) => call.part)).toEqual([
      "outline",
      "lesson",
      "lesson",
      "lesson",
      "quiz",
      "landing",
    ]);
    for (const call of calls) {
      expect(call).toMatchObject({
        url: "/v1/chat/completions",
        authorization: `Bearer ${key}`,
        body: { model: "test-model", response_format: { type: "json_object" } },
      });
      expect(call.body.messages[0]?.content).toContain("in English");
    }
    expect(answer.body).toMatchObject({ full_lessons_generated: 3, quiz_questions_count: 15, warnings: [] });
    expect(answer.body.outline.modules[0].lessons[0].title).toBe("Lesson One.1");
    expect(answer.body.landing_page.features).toEqual(["f"]);
    const counts = new Set(
      answer.body.quiz.questions.map((item: { correct_answer: string }) => item.correct_answer),
    );
    expect(counts).toEqual(new Set(["a", "b", "c", "d"]));
  });

  test("sends a bad answer back once, with what was wrong", async () => {
    script = (call, nth) => {
      if (call.part === "outline" && nth === 1) return { content: "Sure! Here is your outline." };
      if (call.part === "quiz" && nth === 1) return { content: JSON.stringify({ questions: [] }) };
      return null;
    };
    const answer = await generate();
    expect(answer.status, answer.text).toBe(201);
    const repairs = calls
      .filter((call) => call.body.messages.length === 4)
      .map((call) => call.body.messages[3]?.content);
    expect(repairs[0]).toContain("not one JSON object");
    expect(repairs[1]).toContain("questions");
    expect(answer.body.warnings).toEqual([]);
  });

  test.each([
    ["a fence that never ends", `\`\`\`${" ".repeat(200_000)}x`],
    ["a fence around nothing but spaces", `\`\`\`json${" \n".repeat(100_000)}x\`\`\``],
    ["spaces and fences in turn", "``` ".repeat(60_000)],
  ])("reads %s in a time that grows with its length", async (_what, content) => {
    script = (call) => (call.part === "outline" ? { content } : null);
    const startedMs = performance.now();
    expect((await generate()).status).toBe(502);
    // The expression that stood here took minutes for each of them.
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  test("reads JSON that the model wrapped in a Markdown fence", async () => {
    script = (call) => ({ content: `\`\`\`json\n${JSON.stringify(good[call.part])}\n\`\`\`` });
    expect((await generate()).status).toBe(201);
    expect(calls).toHaveLength(6);
  });

  test("puts a placeholder where one lesson fails, and does not count or announce it", async () => {
    // The second lesson, whenever it is asked for.
    script = (call, nth) => (call.part === "lesson" && nth >= 2 && nth <= 4 ? { status: 500 } : null);
    const answer = await generate();
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.full_lessons_generated).toBe(2);
    expect(answer.body.warnings).toEqual([expect.stringContaining("Lesson One.2")]);
    const lessons = answer.body.outline.modules[0].lessons;
    expect(lessons.map((lesson: { status: string }) => lesson.status)).toEqual([
      "full",
      "placeholder",
      "full",
    ]);
    const { course_id: courseId } = answer.body;
    expect((await types(courseId)).filter((type) => type === "course.lesson.generated")).toHaveLength(2);
    const lesson = await engine.request(
      "GET",
      `/api/course-factory/courses/${courseId}/lessons/${lessons[1].lesson_id}`,
    );
    expect(lesson.body).toMatchObject({ status: "placeholder" });
    expect(lesson.body.content_markdown).toContain("not available yet");
    const view = await engine.request("GET", `/api/course-factory/courses/${courseId}`);
    expect(view.body.result).toEqual(answer.body);
  });

  test("treats a lesson of fewer than 300 words as failed", async () => {
    script = (call) =>
      call.part === "lesson" ? { content: JSON.stringify({ content_markdown: "x ".repeat(299) }) } : null;
    const answer = await generate();
    expect(answer.body.full_lessons_generated).toBe(0);
    expect(answer.body.warnings).toHaveLength(3);
  });

  test("uses the standard landing page when the service cannot write one", async () => {
    script = (call) => (call.part === "landing" ? { status: 503 } : null);
    const answer = await generate();
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.warnings).toEqual([expect.stringContaining("landing page")]);
    expect(answer.body.landing_page.hero_title).toBe(request.title);
    expect(await types(answer.body.course_id)).toContain("course.landing_page.created");
  });

  test.each([
    ["outline", 401, 1],
    ["outline", 429, 3],
    ["quiz", 500, 3],
    ["quiz", 302, 1],
  ] as const)(
    "fails the course when the %s is answered with %d, asked %d times",
    async (part, status, times) => {
      script = (call) =>
        call.part === part
          ? { status, headers: status === 302 ? { location: `${url}/elsewhere` } : {} }
          : null;
      const answer = await generate();
      expect(answer.status).toBe(502);
      expect(answer.body.error).toMatchObject({ code: "upstream_failed" });
      expect(answer.text).not.toContain(key);
      const courseId = answer.body.error.details[0].message;
      expect(answer.body.error.details[0].path).toBe("course_id");
      const view = await engine.request("GET", `/api/course-factory/courses/${courseId}`);
      expect(view.body).toMatchObject({ status: "failed", result: null, error: { type: "UpstreamError" } });
      const [failed] = await engine.sql<{
        severity: string;
        tenant_id: string;
        payload: Record<string, unknown>;
      }>("SELECT * FROM events WHERE type = 'course.generation.failed' AND payload ->> 'course_id' = $1", [
        courseId,
      ]);
      expect(failed).toMatchObject({
        severity: "ERROR",
        tenant_id: "tenant-a",
        payload: { course_id: courseId, title: request.title, error_type: "UpstreamError" },
      });
      expect(failed?.payload.retry_count).toBe(times - 1);
      expect(calls.filter((call) => call.part === part)).toHaveLength(times);
      expect(await types(courseId)).not.toContain("course.generation.completed");
      // What was ready before stays told: the outline exists.
      if (part === "quiz") expect(await types(courseId)).toContain("course.outline.created");
      expect(calls.every((call) => call.url === "/v1/chat/completions")).toBe(true);
    },
  );

  test.each(["outline", "lesson", "quiz", "landing"] as const)(
    "asks again for the %s after passing failures, and gets it",
    async (part) => {
      script = (call, nth) => (call.part === part && nth < 3 ? { status: nth === 1 ? 503 : 429 } : null);
      const answer = await generate();
      expect(answer.status, answer.text).toBe(201);
      expect(answer.body.full_lessons_generated).toBe(request.full_lessons_count);
      expect(await types(answer.body.course_id)).not.toContain("course.generation.failed");
    },
  );

  test("does not wait for a service that wants to be left alone for an hour", async () => {
    script = (call) => (call.part === "outline" ? { status: 429, headers: { "retry-after": "3600" } } : null);
    expect((await generate()).status).toBe(502);
    expect(calls).toHaveLength(1);
  });

  test("generates a failed course again, under its id and with what it has", async () => {
    script = (call) => (call.part === "quiz" ? { status: 400 } : null);
    const refused = await generate();
    expect(refused.status).toBe(502);
    const courseId: string = refused.body.error.details[0].message;
    const retry = () => engine.request("POST", `/api/course-factory/courses/${courseId}/retry`);
    const made = calls.filter((call) => call.part === "outline" || call.part === "lesson").length;
    script = () => null;
    const answers = await Promise.all([retry(), retry()]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
    await engine.settle();
    const view = await engine.request("GET", `/api/course-factory/courses/${courseId}`);
    expect(view.body).toMatchObject({ course_id: courseId, status: "completed", error: null });
    expect(view.body.result.quiz_questions_count).toBe(15);
    expect(calls.filter((call) => call.part === "outline" || call.part === "lesson")).toHaveLength(made);
    expect((await types(courseId)).filter((type) => type === "course.generation.completed")).toHaveLength(1);
    expect((await retry()).status).toBe(409);
    const unknown = await engine.request("POST", `/api/course-factory/courses/${crypto.randomUUID()}/retry`);
    expect(unknown.status).toBe(404);
  });

  test("counts each failure of a course that is tried again", async () => {
    script = (call) => (call.part === "outline" ? { status: 400 } : null);
    const courseId: string = (await generate()).body.error.details[0].message;
    await engine.request("POST", `/api/course-factory/courses/${courseId}/retry`);
    await engine.settle();
    const rows = await engine.sql<{ retries: number }>(
      `SELECT (payload->>'retry_count')::int AS retries FROM events
       WHERE type = 'course.generation.failed' AND payload->>'course_id' = $1 ORDER BY position`,
      [courseId],
    );
    expect(rows.map(({ retries }) => retries)).toEqual([0, 1]);
  });

  test("gives a mission another attempt after passing failures, until it has its course", async () => {
    // All calls of two attempts fail.
    script = (call, nth) => (call.part === "outline" && nth <= 6 ? { status: 503 } : null);
    const { dry_run: _, ...payload } = { ...request, dry_run: false };
    const accepted = await engine.request("POST", "/api/missions/enqueue", {
      type: "course.generate",
      payload,
    });
    expect(accepted.status, accepted.text).toBe(202);
    const id: string = accepted.body.mission_id;
    for (let attempt = 1; attempt <= 3; attempt++) {
      await engine.sql("UPDATE missions SET due_at = now() WHERE id = $1 AND status = 'queued'", [id]);
      const { scheduleJob } = await import("../../../src/engine/dispatch/scheduled-jobs.ts");
      await scheduleJob(engine.open(), "mission_worker", new Date(0));
      await engine.cron();
    }
    const mission = await engine.request("GET", `/api/missions/${id}`);
    expect(mission.body).toMatchObject({ status: "completed", attempt: 3, retry_count: 2 });
    expect(calls.filter((call) => call.part === "outline")).toHaveLength(7);
  });

  test("never lets the key reach the log or the database", async () => {
    script = (call) => (call.part === "outline" ? { status: 401, raw: `bad key ${key}` } : null);
    await generate();
    expect(engine.logs.join("\n")).not.toContain(key);
    const rows = await engine.sql("SELECT * FROM course_factory_courses");
    expect(JSON.stringify(rows)).not.toContain(key);
  });

  test("takes control characters and half pairs out of what the service wrote", async () => {
    const markdown = `# T\u0000itle \ud83d\n\n${"A sentence with five words. ".repeat(90)}`;
    script = (call) =>
      call.part === "lesson" ? { content: JSON.stringify({ content_markdown: markdown }) } : null;
    const answer = await generate();
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.full_lessons_generated).toBe(3);
  });

  test("answers 202 when it takes longer than the caller should wait, and goes on behind the answer", async () => {
    script = (call) => (call.part === "quiz" ? { content: JSON.stringify(good.quiz), delayMs: 400 } : null);
    const background: Promise<unknown>[] = [];
    const routes = courseFactoryRoutes({
      content: { url, key, model: "m" },
      publicUrl: null,
      stagingDomain: "s.test",
      gate: irGovernanceGate({ mode: "opt_in", approvalTier: 2, maxBudgetCents: null }),
      catalogue: firstThatKnows([]),
      inlineMs: 150,
    });
    const app = createApp({
      open: () => ({
        invocation: engine.open(),
        apiKey: testApiKey,
        waitUntil: (work) => background.push(work),
        afterCommit: () => undefined,
        startJobs: () => undefined,
      }),
      modules: [{ name: "course_factory", routes: [{ path: "/api/course-factory", routes }] }],
    });
    const send = (method: string, path: string, body?: unknown) =>
      app.request(path, {
        method,
        headers: { authorization: `Bearer ${testApiKey}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const response = await send("POST", "/api/course-factory/generate", request);
    expect(response.status).toBe(202);
    const running = (await response.json()) as { course_id: string; status: string; status_url: string };
    expect(running.status).toBe("generating");
    // Each artifact is stored while the next one is being written.
    await eventually(async () => {
      const view = (await (await send("GET", running.status_url)).json()) as {
        progress: { lessons_written: number };
      };
      expect(view.progress.lessons_written).toBe(3);
    });
    await Promise.all(background);
    const view = (await (await send("GET", running.status_url)).json()) as { status: string };
    expect(view.status).toBe("completed");
    expect(await types(running.course_id)).toContain("course.generation.completed");
  });
});

describe("one question to the service", () => {
  const answer = z.object({ ok: z.literal(true) });
  const ask = (signal: AbortSignal | null = null, timeoutMs = 5_000) =>
    askForJson(
      { url, key, model: "m", timeoutMs, fetch: callOutside },
      answer,
      { system: "system", task: "task" },
      signal,
    );

  test.each([408, 425, 429, 500, 503])(
    "is transient after status %d and carries Retry-After",
    async (status) => {
      script = () => ({ status, headers: { "retry-after": "7" } });
      const error = await ask().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TransientError);
      expect((error as TransientError).retryAfterMs).toBe(7_000);
    },
  );

  test.each([400, 401, 403, 404, 422])("is refused for good after status %d", async (status) => {
    script = () => ({ status, raw: `secret ${key}` });
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UpstreamError);
    expect(String(error)).not.toContain(key);
    expect(calls).toHaveLength(1);
  });

  test("gives up after two unusable answers", async () => {
    script = () => ({ content: '{"ok":false}' });
    await expect(ask()).rejects.toThrow(UpstreamError);
    expect(calls).toHaveLength(2);
  });

  test.each(["no json", "{}", '{"choices":[]}', '{"choices":[{"message":{"content":7}}]}', "null"])(
    "says that %s is not an answer of the protocol",
    async (raw) => {
      script = () => ({ raw });
      await expect(ask()).rejects.toThrow(UpstreamError);
    },
  );

  test("is transient when the answer takes too long", async () => {
    script = () => ({ content: '{"ok":true}', delayMs: 500 });
    await expect(ask(null, 50)).rejects.toThrow(/in time/);
    await expect(ask(null, 50)).rejects.toThrow(TransientError);
  });

  test("ends with the caller's reason when the caller gives up", async () => {
    script = () => ({ content: '{"ok":true}', delayMs: 500 });
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 30);
    await expect(ask(controller.signal)).rejects.toBe(reason);
  });

  test("is transient when nobody listens", async () => {
    const settings = { url: "http://127.0.0.1:1/v1", key, model: "m", fetch: callOutside };
    await expect(askForJson(settings, answer, { system: "s", task: "t" }, null)).rejects.toThrow(
      TransientError,
    );
  });

  test("stops reading an endless answer", async () => {
    script = () => ({ raw: "x".repeat(400_000) });
    await expect(ask()).rejects.toThrow(/more than 262144/);
  });
});
