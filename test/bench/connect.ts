import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { StackInfo, StackOptions } from "./stack.ts";

/** A stack in a process of its own, as the load sees it. */
export interface Stack {
  readonly info: StackInfo;
  /** Process id of the stack; workerd and the servers are its children. */
  readonly pid: number;
  readonly db: pg.Pool;
  /** GET, or POST of a JSON text. @throws {Error} any other status than 2xx */
  call(path: string, body?: string): Promise<Response>;
  /** POST of a JSON text; the body of the answer is read and thrown away. */
  post(path: string, body: string): Promise<Posted>;
  /** The number in the column `n` of the only row. */
  count(statement: string): Promise<number>;
  /** What the process of the gateways holds after a collection of garbage, bytes. */
  held(): Promise<NodeJS.MemoryUsage>;
  stop(): Promise<void>;
}

/** What became of a request. */
export interface Posted {
  readonly status: number;
  /** The header; null: there is none. */
  readonly retryAfter: string | null;
}

export async function startStack(
  kind: StackOptions["kind"],
  { host = "workerd", consumers = 0, profileDir = null, inspected = false }: Partial<StackOptions> = {},
): Promise<Stack> {
  const program = fileURLToPath(new URL("stack.ts", import.meta.url).href);
  const child = fork(program, [
    JSON.stringify({ kind, host, consumers, profileDir, inspected } satisfies StackOptions),
  ]);
  const ended = once(child, "exit");
  const [info] = (await Promise.race([
    once(child, "message"),
    ended.then(([code]) => {
      throw new Error(`the stack did not start; it ended with ${code}, and says above why`);
    }),
  ])) as [StackInfo];
  const db = new pg.Pool({ connectionString: info.databaseUrl, max: 4 });
  await db.query("CREATE TABLE bench_effects (event_id uuid, n integer, at timestamptz)");
  const headers = { authorization: `Bearer ${info.apiKey}`, "content-type": "application/json" };
  // The server ends connections that were idle for 5 s, and one that is just being used again would be reset by that.
  const agent = new Agent({ keepAlive: true, timeout: 2_000 });
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
    post: (path, body) => postTo(`${info.url}${path}`, agent, headers, body),
    async count(statement) {
      return Number((await db.query(statement)).rows[0].n);
    },
    async held() {
      child.send("held");
      return (await once(child, "message"))[0] as NodeJS.MemoryUsage;
    },
    async stop() {
      agent.destroy();
      await db.end();
      child.disconnect();
      await ended;
    },
  };
}

/** With less work than `fetch` has: the load is on the same processors as what is measured. */
function postTo(
  url: string,
  agent: Agent,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] ?? null }),
      );
      response.resume();
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
