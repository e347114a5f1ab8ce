import type { Engine, Wake } from "@brain/engine";
import type { Hono } from "hono";
import type { Config } from "../src/config.ts";
import type { AppEnv, Host } from "../src/http/host.ts";
import { openProduct } from "../src/http-composition.ts";
import { createProductEngine, type HostGifts } from "./host.ts";

/*
 * The product's engine and app: each request opens its own invocation.
 */

/** Keeps the invocation alive until the work is done. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** One isolate's engine with its HTTP app. */
export interface Program {
  readonly engine: Engine;
  readonly app: Hono<AppEnv>;
}

/** What the host of a request passes through Hono's bindings. */
export interface RequestHost {
  readonly waitUntil: WaitUntil;
  readonly wake: Wake;
  /** Starts scheduled jobs somewhere, with a budget of their own. Must not throw. */
  readonly startJobs: (names: readonly string[]) => void;
  /** Of the request; null: not known. */
  readonly clientAddress: string | null;
}

/** @throws {Error} the configuration or the consumers are not valid */
export function createProgram(
  config: Config,
  gifts: HostGifts = { archive: null, startedMs: null },
): Program {
  const product = openProduct(config, gifts);
  const engine = createProductEngine(product, config, gifts);
  const app = product.createApp((c) => openHost(engine, config.apiKey, c.env as RequestHost));
  return { engine, app };
}

function openHost(
  engine: Engine,
  apiKey: string | null,
  { waitUntil, wake, startJobs, clientAddress }: RequestHost,
): Host {
  const invocation = engine.open();
  return {
    invocation,
    apiKey,
    clientAddress,
    waitUntil,
    startJobs,
    afterCommit: () => waitUntil(engine.afterCommit({ wake, invocation })),
  };
}
