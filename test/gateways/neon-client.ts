import { Client, type NeonQueryFunction, neon, neonConfig, Pool } from "@neondatabase/serverless";
import { afterAll, beforeAll } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";

/** Those of the file that runs, once it has called {@link useNeon}. */
export let sandbox: Sandbox;
export let sql: NeonQueryFunction<false, false>;

/** Gives the tests of a file a database behind the gateway, and in it what the statements make. */
export function useNeon(...statements: readonly string[]): void {
  beforeAll(async () => {
    useLocalGateway();
    sandbox = await createSandbox();
    sql = neon(sandbox.neonUrl);
    for (const statement of statements) await sql.query(statement);
  });
  afterAll(() => sandbox.cleanup());
}

/** Sends the driver to a gateway on this machine: the settings are global in the driver. */
export function useLocalGateway(): void {
  neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`;
  neonConfig.wsProxy = (host, port) => `${host}:${port}/v2`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineConnect = "password";
}

/** Opens a session, runs `work` and closes it. */
export async function withClient<T>(
  connectionString: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(connectionString);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Opens a pool, runs `work` and closes it. */
export async function withPool<T>(connectionString: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool({ connectionString });
  pool.on("error", () => undefined);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** The answer of the file's own database to one raw request. */
export function post(body: unknown, headers?: Record<string, string>): ReturnType<typeof postSql> {
  return postSql(sandbox.neonUrl, body, headers);
}

/** The answer to one raw request for SQL over HTTP, for what the driver never sends. */
export async function postSql(
  connectionString: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown; text: string; headers: Headers }> {
  const { host } = new URL(connectionString);
  const response = await fetch(`http://${host}/sql`, {
    method: "POST",
    headers: { "Neon-Connection-String": connectionString, ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text), text, headers: response.headers };
}
