import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../refusal.ts";

/*
 * Lists whose cursor is the id of the last row of a page. One that names no row of the caller's is refused: an empty page
 * would read like the end of the list, and another tenant's row would be a place in it.
 */

interface List {
  readonly path: string;
  readonly key: string;
  readonly id: string;
  /** @returns the id of a new row */
  make(tenant: string): Promise<string>;
}

let engine: TestEngine;
const keyOf = new Map<string, Readonly<Record<string, string>>>();

beforeAll(async () => {
  engine = await createTestEngine();
  for (const tenant_id of ["acme", "globex"]) {
    const { body } = await engine.request("POST", "/api/keys", {
      ...{ name: `everything of ${tenant_id}`, tenant_id, scopes: ["*:read", "*:write", "operate", "admin"] },
    });
    keyOf.set(tenant_id, { authorization: `Bearer ${body.key}` });
  }
});
afterAll(() => engine?.cleanup());

const ask = (tenant: string, method: string, path: string, body?: unknown) =>
  engine.request(method, path, body, keyOf.get(tenant));

async function madeId(tenant: string, path: string, body: unknown, field: string): Promise<string> {
  const made = await ask(tenant, "POST", path, body);
  expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
  return made.body[field];
}

const lists: List[] = [
  {
    path: "/api/tasks",
    key: "tasks",
    id: "task_id",
    make: (tenant) => madeId(tenant, "/api/tasks", { title: `of ${tenant}` }, "task_id"),
  },
  {
    path: "/api/keys",
    key: "keys",
    id: "id",
    async make(tenant_id) {
      const made = await engine.request("POST", "/api/keys", {
        ...{ name: `another of ${tenant_id}`, tenant_id, scopes: ["tasks:read"] },
      });
      return made.body.id;
    },
  },
  {
    path: "/api/webhooks",
    key: "endpoints",
    id: "id",
    make: (tenant) =>
      madeId(tenant, "/api/webhooks", { url: "https://hooks.example.com/x", event_types: ["*"] }, "id"),
  },
];

describe.each(lists)("$path", ({ path, key, id, make }) => {
  test("refuses a cursor that names nothing of the caller's, and goes on behind the last row", async () => {
    const [own, foreign] = [await make("acme"), await make("globex")];
    for (const cursor of [foreign, `${own.slice(0, -1)}${own.endsWith("0") ? "1" : "0"}`]) {
      const answer = await ask("acme", "GET", `${path}?cursor=${encodeURIComponent(cursor)}`);
      expectErrorShape(answer, 422, "validation_failed");
      expect(answer.body.error.details[0].path).toBe("cursor");
    }
    const all: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await ask("acme", "GET", `${path}?limit=1${next}`);
      expect(page.status).toBe(200);
      all.push(...page.body[key].map((row: Readonly<Record<string, string>>) => row[id]));
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    expect(all).toContain(own);
    const last = all.at(-1) ?? "";
    expect((await ask("acme", "GET", `${path}?cursor=${encodeURIComponent(last)}`)).body[key]).toEqual([]);
  });
});
