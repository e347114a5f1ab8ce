import { request } from "node:http";
import { expect } from "vitest";
import { type Reply, readReply } from "../http/surface.ts";
import { waitFor } from "../wait-for.ts";

/** A running product, as its users see it. */
export interface Served {
  readonly url: string;
  readonly key: string;
}

export async function call(served: Served, method: string, path: string, body?: unknown): Promise<Reply> {
  return readReply(
    await fetch(`${served.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${served.key}`, "content-type": "application/json" },
      // A server that is killed may leave the connection open without an answer.
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
  );
}

/** Creates a course; its id. */
export async function createCourse(served: Served): Promise<string> {
  const reply = await call(served, "POST", "/api/course-factory/generate", {
    tenant_id: "t-1",
    title: "Keeping bees on the balcony",
    description: "Everything a beginner needs to know for the first year with a hive on a small balcony.",
    language: "en",
    target_audiences: ["private_individuals"],
    full_lessons_count: 1,
    dry_run: false,
  });
  if (reply.status !== 201) throw new Error(`expected 201, got ${reply.status} ${reply.text.slice(0, 500)}`);
  return reply.body.course_id;
}

/** The catalogue entries of a course. */
export async function distributionsOf(served: Served, courseId: string) {
  const reply = await call(served, "GET", `/api/courses/distribution?course_id=${courseId}`);
  if (reply.status !== 200) throw new Error(`expected 200, got ${reply.status} ${reply.text.slice(0, 500)}`);
  return reply.body as { distribution_id: string; course_id: string; staging_url: string | null }[];
}

/**
 * Courses one after the other, each until it is on staging, until one had its distribution within a second: other tests
 * share the processors, so a few may take longer. Without a wake none has it before the next tick of cron.
 */
export async function expectPromptCourse(served: Served): Promise<void> {
  const waits: number[] = [];
  // The first request loads the isolates; how long that takes is not what is measured.
  await createToStaging(served, 120_000);
  do {
    const { entry, distributedMs } = await createToStaging(served, 120_000);
    expect(entry?.staging_url).toMatch(/^https:\/\//);
    waits.push(distributedMs);
  } while (waits.length < 10 && Math.min(...waits) >= 1_000);
  expect(Math.min(...waits)).toBeLessThan(1_000);
}

/**
 * Creates a course and waits until its distribution is there, and then until it is on staging.
 *
 * @returns milliseconds from the answer to the request until each was seen
 */
export async function createToStaging(served: Served, timeoutMs: number) {
  const courseId = await createCourse(served);
  const startedAt = performance.now();
  await waitFor(
    "the distribution of the course",
    () => distributionsOf(served, courseId),
    (entries) => entries.length === 1,
    { timeoutMs },
  );
  const distributedMs = performance.now() - startedAt;
  const [entry] = await waitFor(
    "the staging address of the distribution",
    () => distributionsOf(served, courseId),
    (entries) => entries.length === 1 && entries[0]?.staging_url != null,
    { timeoutMs },
  );
  return { courseId, entry, distributedMs, stagedMs: performance.now() - startedAt };
}

/**
 * Posts an event above the limit of a body, on a connection of its own: who refuses early closes it, perhaps before all
 * is sent, and then the answer is lost; so it is sent again.
 */
export function sendTooMuch(served: Served, length: "told" | "untold"): Promise<Reply> {
  const text = JSON.stringify({ type: "system.health", payload: { note: "x".repeat(1_200_000) } });
  const headers = {
    authorization: `Bearer ${served.key}`,
    ...(length === "told" ? { "content-length": text.length } : { "transfer-encoding": "chunked" }),
  };
  const send = () =>
    new Promise<Response>((resolve, reject) => {
      const options = { method: "POST", headers, agent: false };
      const sent = request(`${served.url}/api/events`, options, async (answer) => {
        const type = answer.headers["content-type"] ?? "";
        const body = (await answer.setEncoding("utf8").toArray()).join("");
        resolve(new Response(body, { status: answer.statusCode ?? 0, headers: { "content-type": type } }));
      });
      sent.on("error", reject);
      sent.end(text);
    });
  return waitFor(
    `the answer to a body with its length ${length}`,
    async () => readReply(await send()),
    () => true,
  );
}
