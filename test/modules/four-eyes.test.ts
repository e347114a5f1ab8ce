import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { expectErrorShape } from "../http/refusal.ts";

/** Where two persons are needed, identities are compared: a field of a request proves nothing. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CREDENTIAL_CACHE_SECONDS: "0" });
});
afterAll(() => engine?.cleanup());

interface Caller {
  readonly id: string;
  readonly keyId: string;
  key: string;
}

async function caller(scopes: readonly string[]): Promise<Caller> {
  const reply = await engine.request("POST", "/api/keys", { name: "a test", tenant_id: "acme", scopes });
  expect(reply.status, reply.text).toBe(201);
  return { id: `key:${reply.body.id}`, keyId: reply.body.id, key: reply.body.key };
}

const send = ({ key }: Caller, path: string, body: unknown, headers = {}) =>
  engine.request("POST", path, body, { authorization: `Bearer ${key}`, ...headers });

const both = ["approve", "ir_governance:write", "ir_governance:read"];
const hash = "c".repeat(64);
const approve = (by: Caller, more = {}, headers = {}) =>
  send(by, "/api/ir/approvals", { ir_hash: hash, ...more }, headers);
const use = (by: Caller, token: string, query = "", headers = {}) =>
  send(by, `/api/ir/approvals/consume${query}`, { ir_hash: hash, token }, headers);

describe("an approval", () => {
  test("is not used by who gave it, also not with another secret of the same key", async () => {
    const one = await caller(both);
    const { token } = (await approve(one)).body;
    expect((await use(one, token)).body).toMatchObject({ success: false, status: "pending" });
    const rotated = await engine.request("POST", `/api/keys/${one.keyId}/rotate`, { overlap_seconds: 0 });
    one.key = rotated.body.key;
    expect((await use(one, token)).body).toMatchObject({ success: false, status: "pending" });
    // The control: another identity may.
    const other = await caller(both);
    expect((await use(other, token)).body).toMatchObject({ success: true });
    const [row] = await engine.sql("SELECT created_by, consumed_by FROM ir_governance_approvals");
    expect(row).toEqual({ created_by: one.id, consumed_by: other.id });
  });

  test.each([
    ["who gave it", (by: Caller) => approve(by, { created_by: "somebody-else" })],
    ["who uses it", (by: Caller) => use(by, "no-token", "?consumed_by=somebody-else")],
    ["who acts", (by: Caller) => use(by, "no-token", "", { "x-actor-id": "somebody-else" })],
    [
      "who has taken note",
      (by: Caller) =>
        send(by, "/api/ir/approvals/00000000-0000-4000-8000-000000000000/acknowledge", {
          acknowledged_by: "somebody-else",
        }),
    ],
  ])("a credential that may not act for others does not name %s", async (_what, ask) => {
    const plain = await caller(both);
    const refused = await ask(plain);
    expectErrorShape(refused, 403, "forbidden");
    expect(refused.body.error.message).toContain("act_as");
    // The control: with the scope it may.
    expect((await ask(await caller([...both, "act_as"]))).status).not.toBe(403);
  });

  test("is given by a credential with the scope approve alone", async () => {
    const program = await caller(["ir_governance:write"]);
    expectErrorShape(await approve(program), 403, "forbidden");
    expect((await approve(await caller(["approve"]))).status).toBe(200);
  });

  test("names whoever the bootstrap key acts for, as ever", async () => {
    const given = await engine.request(
      "POST",
      "/api/ir/approvals",
      { tenant_id: "acme", ir_hash: hash },
      { "x-actor-id": "user-1" },
    );
    const consume = (actor: string) =>
      engine.request(
        "POST",
        "/api/ir/approvals/consume",
        { tenant_id: "acme", ir_hash: hash, token: given.body.token },
        { "x-actor-id": actor },
      );
    expect((await consume("user-1")).body.success).toBe(false);
    expect((await consume("user-2")).body.success).toBe(true);
  });
});
