import type { Hono } from "hono";
import type { Config } from "../src/config.ts";
import type { AppEnv, Host } from "../src/http/host.ts";
import { cronTick, drainAll, relayAll, type Wake } from "../src/operate/pump.ts";
import { createProductApp, productConsumers } from "../src/product.ts";
import { createSystem, openInvocation, type System } from "../src/runtime.ts";

/*
 * What Cloudflare and Deno have in common: each invocation opens its own world, works within its time, and hands what
 * is left to the next one.
 */

/** An invocation may go on for 30 s after its answer; some of it is kept for finishing. */
const backgroundMs = 25_000;
/** A cron run ends before the next one begins. */
const cronMs = 50_000;

/** Keeps the invocation alive until the work is done. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** One isolate's system with its HTTP app. */
export interface Program {
  readonly system: System;
  readonly app: Hono<AppEnv>;
}

/** What the host of a request passes through Hono's bindings. */
export interface RequestHost {
  readonly waitUntil: WaitUntil;
  readonly wake: Wake;
}

/** @throws {Error} the configuration or the consumers are not valid */
export function createProgram(config: Config): Program {
  const system = createSystem(config, productConsumers(config));
  const app = createProductApp(config, (c) => openHost(system, c.env as RequestHost));
  return { system, app };
}

function openHost(system: System, { waitUntil, wake }: RequestHost): Host {
  const invocation = openInvocation(system);
  return {
    invocation,
    apiKey: system.config.apiKey,
    waitUntil,
    afterCommit: () => waitUntil(relayAll(invocation, system.now() + backgroundMs, wake)),
  };
}

/**
 * What a wake starts: drains the consumers of `types`, and relays what their handlers publish, until nothing moves.
 *
 * @param types null: an earlier invocation could not finish; relay and drain everything
 * @param handOn starts another invocation when this one's budget does not suffice either
 */
export async function runWake(
  system: System,
  types: ReadonlySet<string> | null,
  handOn: () => void,
): Promise<void> {
  const invocation = openInvocation(system);
  const deadlineMs = system.now() + backgroundMs;
  if (types === null) await relayAll(invocation, deadlineMs, (more) => more === null && handOn());
  await drainAll(invocation, deadlineMs, types, handOn);
}

/** One cron run: what lost triggers left behind, and everybody's tick. */
export async function runCron(system: System, handOn: () => void): Promise<void> {
  await cronTick(openInvocation(system), system.now() + cronMs, handOn);
}
