import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";

/** Those of the file that runs, once it has called {@link useUpstash}. */
export let sandbox: Sandbox;
export let redis: Redis;
/** Another one in each test. */
export let key: string;

/** Gives the tests of a file a sandbox, a client and keys. Files in one worker run one after the other. */
export function useUpstash(): void {
  let counter = 0;
  beforeAll(async () => {
    sandbox = await createSandbox();
    redis = createClient(sandbox);
  });
  afterAll(() => sandbox.cleanup());
  beforeEach(() => {
    key = `${sandbox.prefix}:key:${++counter}`;
  });
}

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
