import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { missions } from "./missions/tables.ts";
import { andTenant, ofTenant, textOfTenant } from "./of-tenant.ts";

const written = (statement: Parameters<PgDialect["sqlToQuery"]>[0]) => new PgDialect().sqlToQuery(statement);

test("a tenant is a condition, in both ways to write statements", () => {
  expect(written(ofTenant(missions.tenantId, "t1") ?? sql``)).toMatchObject({
    sql: '"missions"."tenant_id" = $1',
    params: ["t1"],
  });
  expect(written(sql`WHERE true ${andTenant(sql`m.tenant_id`, "t1")}`)).toMatchObject({
    sql: "WHERE true AND m.tenant_id = $1",
    params: ["t1"],
  });
});

test("who sees all tenants has no condition", () => {
  expect(ofTenant(missions.tenantId, null)).toBeUndefined();
  expect(written(sql`WHERE true ${andTenant(sql`m.tenant_id`, null)}`).sql).toBe("WHERE true ");
});

test("a tenant without a name is not everybody", () => {
  expect(written(ofTenant(missions.tenantId, "") ?? sql``).params).toEqual([""]);
  expect(written(andTenant(sql`m.tenant_id`, "")).params).toEqual([""]);
});

test("tenants and names that differ are different texts, wherever a colon stands", () => {
  const pairs = [
    ["a", "b:c"],
    ["a:b", "c"],
    ["a%3Ab", "c"],
    ["a%253Ab", "c"],
    ["", "a:b:c"],
    ["a:b:c", ""],
  ] as const;
  expect(new Set(pairs.map(([tenant, name]) => textOfTenant(tenant, name))).size).toBe(pairs.length);
  expect(textOfTenant("acme", "user:7")).toBe("acme:user:7");
});
