import { Redis } from "@upstash/redis";
import type { Sandbox } from "../sandbox.ts";

/** The vendor's client as the project sets it up: values as they are, one try. */
export function createClient(
  { upstash }: Pick<Sandbox, "upstash">,
  responseEncoding: false | "base64" = false,
): Redis {
  return new Redis({
    ...upstash,
    responseEncoding,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    retry: { retries: 0 },
  });
}

/** One raw request, for what the client never sends. */
export async function request(
  { upstash }: Pick<Sandbox, "upstash">,
  path: string,
  body: string | undefined,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(upstash.url + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${upstash.token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: await response.json() };
}
