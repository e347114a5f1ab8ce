import { describe, expect, test } from "vitest";
import { isScope, roles, type Scope, scopesGrant } from "./scopes.ts";

describe("a grant", () => {
  test.each<[granted: Scope, asked: Scope, expected: boolean]>([
    ["operate", "operate", true],
    ["operate", "approve", false],
    ["admin", "operate", true],
    ["admin", "events:publish:course", true],
    ["*:read", "tasks:read", true],
    ["*:read", "events:read", true],
    ["*:read", "tasks:write", false],
    ["*:read", "operate", false],
    ["*:read", "act_as", false],
    ["*:read", "admin", false],
    ["*:write", "events:publish", false],
    ["tasks:read", "tasks:read", true],
    ["tasks:read", "missions:read", false],
    ["tasks:write", "tasks:read", false],
    ["events:publish", "events:publish:course", true],
    ["events:publish", "events:publish:<domain>", true],
    ["events:publish:course", "events:publish:<domain>", true],
    ["events:publish:course", "events:publish:course", true],
    ["events:publish:course", "events:publish:courses", false],
    ["events:publish:course", "events:publish", false],
    ["events:read", "events:publish:<domain>", false],
  ])("of %s grants %s: %s", (granted, asked, expected) => {
    expect(scopesGrant([granted], asked)).toBe(expected);
    expect(scopesGrant(["approve", granted], asked)).toBe(expected || asked === "approve");
  });

  test("of nothing grants nothing", () => {
    expect(scopesGrant([], "events:read")).toBe(false);
  });
});

test("what can be granted is one of the known forms", () => {
  const known = ["admin", "act_as", "events:publish", "events:publish:course", "*:read", "tasks:write"];
  expect(known.filter((text) => !isScope(text))).toEqual([]);
  const other = [
    "",
    "*",
    "root",
    "*:*",
    "tasks:*",
    "events:publish:",
    "events:publish:a:b",
    "tasks:read ",
    "Tasks:read",
  ];
  expect(other.filter(isScope)).toEqual([]);
  for (const scopes of Object.values(roles)) expect(scopes.every(isScope)).toBe(true);
});
