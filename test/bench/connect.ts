import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { StackInfo, StackKind } from "./stack.ts";

/** A stack in a process of its own, as the load sees it. */
export interface Stack {
  readonly info: StackInfo;
  /** Process id of the stack; workerd and the servers are its children. */
  readonly pid: number;
  readonly db: pg.Pool;
  /** GET, or POST of a JSON text. @throws {Error} any other status than 2xx */
  call(path: string, body?: string): Promise<Response>;
  stop(): Promise<void>;
}

/** @param consumers for `bench`: that many small ones instead of the three that are measured otherwise */
export async function startStack(kind: StackKind, consumers = 0): Promise<Stack> {
  const program = fileURLToPath(new URL("stack.ts", import.meta.url).href);
  const child = fork(program, [kind, String(consumers)]);
  const [info] = (await once(child, "message")) as [StackInfo];
  const db = new pg.Pool({ connectionString: info.databaseUrl, max: 4 });
  await db.query("CREATE TABLE bench_effects (event_id uuid, n integer, at timestamptz)");
  const headers = { authorization: `Bearer ${info.apiKey}`, "content-type": "application/json" };
  return {
    info,
    pid: child.pid ?? 0,
    db,
    async call(path, body) {
      const response = await fetch(`${info.url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers,
        ...(body === undefined ? {} : { body }),
      });
      if (response.status < 300) return response;
      throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    },
    async stop() {
      await db.end();
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}
