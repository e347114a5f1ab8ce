import { expect } from "vitest";
import type { TestEngine } from "../../engine.ts";

/** What the tests of the catalogue share: valid requests, and looks at what they did. */

export const base = "/api/courses";
export const description = "How to manage money without a bank, step by step and for everybody.";
/** Well-formed, and of no entry. */
export const unknownId = "dist_0000000000000000";

/** A valid request for a course and a slug of its own. */
export function createBody(changes: Record<string, unknown> = {}) {
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

export async function create(engine: TestEngine, changes: Record<string, unknown> = {}): Promise<Created> {
  const body = createBody(changes);
  const answer = await engine.request("POST", `${base}/distribution/create`, body);
  expect(answer.status, answer.text).toBe(201);
  return { id: answer.body.distribution_id, slug: answer.body.slug, courseId: body.course_id };
}

export async function createPublic(
  engine: TestEngine,
  changes: Record<string, unknown> = {},
): Promise<Created> {
  const created = await create(engine, changes);
  const answer = await engine.request("POST", `${base}/distribution/${created.id}/publish`);
  expect(answer.status, answer.text).toBe(200);
  return created;
}

interface Recorded {
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly actor_id: string | null;
}

/** The events of one entry, in the order they were recorded. */
export async function eventsOf(engine: TestEngine, id: string): Promise<Recorded[]> {
  return engine.sql<Recorded>("SELECT type, payload, actor_id FROM events WHERE key = $1 ORDER BY position", [
    id,
  ]);
}

export async function typesOf(engine: TestEngine, id: string): Promise<string[]> {
  return (await eventsOf(engine, id)).map((event) => event.type);
}

/** The entry as an operator sees it. */
export async function read(engine: TestEngine, id: string) {
  const answer = await engine.request("GET", `${base}/distribution/${id}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}
