import { Client, neonConfig, Pool } from "@neondatabase/serverless";

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
