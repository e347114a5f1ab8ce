import { ConflictError } from "@brain/engine";
import { Hono } from "hono";
import * as z from "zod";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";
import { validatedOptional } from "../kit/routing.ts";

/** How far the demo world is. */
export interface DemoState {
  readonly status: "none" | "running" | "completed" | "failed";
  /** Steps. */
  readonly done: number;
  readonly total: number;
  /** What is being made; null: nothing. */
  readonly step: string | null;
  /** Why it failed; null: it did not. */
  readonly error: string | null;
}

/** What makes the demo world beside the workers; only a system for trying out has it. */
export interface DemoMaker {
  look(): Promise<DemoState>;
  /** The state once it is under way or over, or why it is refused. */
  begin(seed: number, force: boolean): Promise<DemoState | { readonly refused: string }>;
}

const demoBody = z.strictObject({
  seed: z.int().min(1).max(999_999).default(1),
  /** Also into a system that holds events already. */
  force: z.boolean().default(false),
});

/** The demo world, begun and watched. A deployed system has no such routes. */
export function demoRoutes(demo: DemoMaker): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/", requires("operations:read", "all_tenants"), async (c) => c.json(await demo.look()));

  routes.post("/", requires("admin", "all_tenants"), validatedOptional(demoBody), async (c) => {
    const { seed, force } = c.req.valid("json");
    const state = await demo.begin(seed, force);
    if ("refused" in state) throw new ConflictError(state.refused);
    return c.json(state, 202);
  });
  return routes;
}
