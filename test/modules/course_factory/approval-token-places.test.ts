import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { courseRequest } from "./fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

const generatePath = "/api/course-factory/generate";
let number = 0;

/** A request that the gate blocks until a person approves it, and the token of that approval. */
async function approved(): Promise<{ readonly body: Record<string, unknown>; readonly token: string }> {
  number += 1;
  const body = { ...courseRequest({ title: `Arbeiten in production, Ort ${number}` }), dry_run: false };
  const blocked = await engine.request("POST", generatePath, body, { "x-actor-id": "author-1" });
  expect(blocked.status, blocked.text).toBe(403);
  const { ir_hash } = blocked.body;
  const asked = { tenant_id: "tenant-a", ir_hash };
  const answer = await engine.request("POST", "/api/ir/approvals", asked, { "x-actor-id": "reviewer-1" });
  return { body, token: answer.body.token };
}

const author = { "x-actor-id": "author-1" };

test.each<
  [string, (token: string) => { path?: string; body?: object; headers?: Record<string, string> }, boolean]
>([
  ["the header", (token) => ({ headers: { "x-approval-token": token } }), false],
  ["the body", (token) => ({ body: { approval_token: token } }), false],
  ["the query, with a word that this is deprecated", (token) => ({ path: `?approval_token=${token}` }), true],
])("an approval token is taken from %s", async (_where, place, deprecated) => {
  const { body, token } = await approved();
  const { path = "", body: more = {}, headers = {} } = place(token);
  const sent = { ...body, ...more };
  const made = await engine.request("POST", generatePath + path, sent, { ...author, ...headers });
  expect(made.status, made.text).toBe(201);
  expect(made.headers.get("deprecation")).toBe(deprecated ? "@1795651200" : null);
  expect(made.headers.get("link")).toBe(
    deprecated
      ? '<https://www.rfc-editor.org/rfc/rfc6750#section-5.3>; rel="deprecation"; type="text/html"'
      : null,
  );
  // It is used up, and the answer that refuses it has the same headers.
  const again = await engine.request("POST", generatePath + path, sent, { ...author, ...headers });
  expect(again.status).toBe(403);
  expect(again.headers.get("deprecation")).toBe(deprecated ? "@1795651200" : null);
  const rows = await engine.sql("SELECT (SELECT jsonb_agg(e) FROM events e)::text AS text");
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(engine.logs.join("\n")).not.toContain(token);
});

test("the token of a workflow change is taken from the header, too", async () => {
  const headers = { ...author, "x-approval-token": "no such token" };
  const step = {
    course_id: crypto.randomUUID(),
    from_state: "draft",
    to_state: "review",
    actor: "author-1",
  };
  for (const route of ["transition", "rollback"]) {
    const reply = await engine.request("POST", `/api/course-factory/workflow/${route}`, step, headers);
    expect(reply.status).toBe(422);
    expect(reply.body.error.details[0].path).toBe("x-approval-token");
  }
});
