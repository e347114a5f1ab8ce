import type { Answer } from "@brain/engine/testing";
import { expect } from "vitest";
import { testApiKey } from "../../backbone.ts";
import type { TestEngine } from "../../engine.ts";

export const factoryBase = "/api/course-factory";

export type Fields = Readonly<Record<string, unknown>>;

/** Body of POST /generate for a course that is generated within the request. */
export function courseRequest(fields: Fields = {}): Record<string, unknown> {
  return {
    tenant_id: "tenant-a",
    title: "Zeit gut einteilen",
    description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
    language: "de",
    target_audiences: ["employees", "parents"],
    dry_run: false,
    ...fields,
  };
}

export interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly severity: string | null;
  readonly meta: ReturnType<typeof JSON.parse>;
  readonly payload: ReturnType<typeof JSON.parse>;
}

/** What the tests of authors do again and again. */
export function authoring(engine: TestEngine) {
  const request = (method: string, path: string, body?: unknown, actor?: string): Promise<Answer> =>
    engine.request(
      method,
      path,
      body,
      actor === undefined
        ? {}
        : {
            authorization: `Bearer ${testApiKey}`,
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            "x-actor-id": actor,
          },
    );
  const post = (path: string, body?: unknown, actor?: string) =>
    request("POST", `${factoryBase}${path}`, body, actor);
  return {
    request,
    post,
    async generated(fields: Fields = {}): Promise<ReturnType<typeof JSON.parse>> {
      const answer = await post("/generate", courseRequest(fields));
      expect(answer.status, answer.text).toBe(201);
      return answer.body;
    },
    transition: (fields: Fields, actor?: string) =>
      post("/workflow/transition", { actor: "author-1", ...fields }, actor),
    rollback: (fields: Fields, actor?: string) =>
      post("/workflow/rollback", { actor: "author-1", reason: "a mistake", ...fields }, actor),
    /** Events of a course in the order of the record. */
    eventsOf: (courseId: string, type?: string): Promise<EventRow[]> =>
      engine.sql<EventRow>(
        "SELECT * FROM events WHERE payload ->> 'course_id' = $1 AND ($2::text IS NULL OR type = $2) ORDER BY position",
        [courseId, type ?? null],
      ),
    /** Events of one type, whatever they are about. */
    eventsOfType: (type: string): Promise<EventRow[]> =>
      engine.sql<EventRow>("SELECT * FROM events WHERE type = $1 ORDER BY position", [type]),
    /** A person approves a plan and gets the token for it. */
    async approve(
      irHash: string,
      { tenant = "tenant-a", by = "reviewer-1" }: { readonly tenant?: string; readonly by?: string } = {},
    ): Promise<{ readonly token: string; readonly approval_id: string }> {
      const answer = await request(
        "POST",
        "/api/ir/approvals",
        { tenant_id: tenant, ir_hash: irHash, created_by: by },
        by,
      );
      expect(answer.status, answer.text).toBe(200);
      return answer.body;
    },
    /** The approval is used up somewhere else, and the event of it reaches the factory. */
    async consume(irHash: string, token: string, tenant = "tenant-a"): Promise<void> {
      const answer = await request("POST", "/api/ir/approvals/consume?consumed_by=operator-1", {
        tenant_id: tenant,
        ir_hash: irHash,
        token,
      });
      expect(answer.body, answer.text).toMatchObject({ success: true });
    },
  };
}
