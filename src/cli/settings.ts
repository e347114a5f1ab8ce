import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientOptions } from "./client.ts";
import { UsageError } from "./errors.ts";

/** Options that every command has. */
export interface GlobalOptions {
  readonly url?: string;
  readonly key?: string;
  readonly actor?: string;
  readonly json?: boolean;
}

const defaultUrl = "http://127.0.0.1:8787";

/**
 * Where the server is and with which key, from options and environment. For a server on this machine the key that
 * `npm start` made is good enough.
 *
 * @throws {UsageError} the address is none
 */
export function connectionOf(options: GlobalOptions, env: NodeJS.ProcessEnv): ClientOptions {
  const given = options.url ?? nonEmpty(env.CHARTER_URL) ?? defaultUrl;
  if (!URL.canParse(given) || !/^https?:/.test(given)) {
    throw new UsageError(`"${given}" is not the address of a server. Expected e.g. ${defaultUrl}.`);
  }
  const parsed = new URL(given);
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(parsed.hostname);
  const key =
    options.key ??
    nonEmpty(env.CHARTER_KEY) ??
    nonEmpty(env.BRAIN_API_KEY) ??
    (local ? localKey(nonEmpty(env.BRAIN_DATA_DIR)) : null);
  return { url: given.replace(/\/+$/, ""), key, actor: options.actor ?? nonEmpty(env.CHARTER_ACTOR) };
}

function nonEmpty(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : value;
}

/** The key that the local server keeps with its data; null when there is none. */
function localKey(dataDir: string | null): string | null {
  const root = join(import.meta.dirname, "..", "..");
  try {
    const key = readFileSync(join(dataDir ?? join(root, ".brain"), "api-key"), "utf8").trim();
    return key === "" ? null : key;
  } catch {
    return null;
  }
}
