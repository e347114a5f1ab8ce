import { expect } from "vitest";
import type { TestEngine } from "../../engine.ts";
import type { PaymentEngine } from "../payment/stripe-fixture.ts";

/*
 * What a credential of one tenant may see and do, route by route. Each module has a table; `tenants.test.ts` runs them,
 * and goes red for a route of a tenant that is in none.
 */

export type Reply = Awaited<ReturnType<TestEngine["request"]>>;

/** Sends a request with the credential of one tenant. */
export type As = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Reply>;

/** What a tenant has, by name: ids, and texts by which its rows are known. */
export type Things = Readonly<Record<string, string>>;

export interface Call {
  /** Behind the table's prefix. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteCase {
  /** `GET /:id`, as the module mounts it behind the prefix. */
  readonly route: string;
  readonly call: (things: Things) => Call;
  /**
   * What another tenant gets for the same call. `not_found`: what it gets for what is not there. `absent`: the same, where
   * that is an answer. `nothing`: an answer in
   * which nothing of the first one is. `own`: the same, and it does the same to its own things. `same`: what does not
   * depend on a tenant, for the reason given.
   */
  readonly foreign: "not_found" | "absent" | "nothing" | "own" | { readonly same: string };
  /** What the owner's answer holds of its things, by name. */
  readonly shows?: readonly string[];
  /** The status of the owner's answer. Default 200. */
  readonly status?: number;
  /** The same call, naming a tenant in the body, the query or the path; refused with 403 when it is another one. */
  readonly naming?: (tenantId: string, things: Things) => Call;
}

export interface TenantTable {
  readonly module: string;
  readonly prefix: string;
  /** Makes what one tenant has. */
  readonly setUp: (as: As, engine: PaymentEngine, tenantId: string) => Promise<Things>;
  /** The shape of all ids, of what is not there. */
  readonly nowhere: Things;
  readonly cases: readonly RouteCase[];
}

export async function made(reply: Promise<Reply>): Promise<Reply["body"]> {
  const { status, text, body } = await reply;
  expect(status, text).toBeLessThan(300);
  return body;
}
