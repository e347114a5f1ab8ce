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

/** Where `npm start` serves now, and the key it made for there. */
interface LocalServer {
  /** Origin, as `npm start` prints it. */
  readonly url: string;
  /** Null: it is switched off. */
  readonly key: string | null;
}

/**
 * Where the server is and with which key, from options and environment. For the server that `npm start` runs with the
 * data of this checkout nothing has to be given: its address and its key are with the data. That key goes to that
 * address and to no other, whatever answers there. A key that is given goes there too when no address is given.
 *
 * @throws {UsageError} the address is none, or the key or the actor cannot stand in a header
 */
export function connectionOf(options: GlobalOptions, env: NodeJS.ProcessEnv): ClientOptions {
  const givenUrl = options.url ?? nonEmpty(env.CHARTER_URL);
  const givenKey = options.key ?? nonEmpty(env.CHARTER_KEY) ?? nonEmpty(env.BRAIN_API_KEY);
  const local = localServer(nonEmpty(env.BRAIN_DATA_DIR));
  const url = givenUrl ?? local?.url ?? defaultUrl;
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new UsageError(`"${url}" is not the address of a server. Expected e.g. ${defaultUrl}.`);
  }
  const localKey = local !== null && new URL(url).origin === local.url ? local.key : null;
  const key = givenKey ?? localKey;
  const actor = options.actor ?? nonEmpty(env.CHARTER_ACTOR);
  // Never shown: it is a secret, and what refuses it would quote it.
  if (!canBeSent(key))
    throw new UsageError(
      "The key cannot be sent: it has a line break, or another character that a header may not have. Expected one line; look at --key, CHARTER_KEY and BRAIN_API_KEY.",
    );
  if (!canBeSent(actor))
    throw new UsageError(
      `The actor ${JSON.stringify(actor)} cannot be sent in a header. Expected the id of a user on one line.`,
    );
  return { url: url.replace(/(?<!\/)\/+$/, ""), key, actor };
}

function canBeSent(value: string | null): boolean {
  try {
    new Headers({ authorization: `Bearer ${value ?? ""}` });
    return true;
  } catch {
    return false;
  }
}

function nonEmpty(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : value;
}

/** What a start that runs now keeps with its data; null when none runs, or when its key was given to it. */
function localServer(dataDir: string | null): LocalServer | null {
  const folder = dataDir ?? join(import.meta.dirname, "..", "..", ".brain");
  try {
    const stored: unknown = JSON.parse(readFileSync(join(folder, "server.json"), "utf8"));
    const { url, key, pid } = stored as Readonly<Record<string, unknown>>;
    // A start that was killed leaves the file; what answers at its address now is somebody else. No such process: throws.
    process.kill(Number(pid), 0);
    if (typeof url !== "string") return null;
    return { url: new URL(url).origin, key: typeof key === "string" ? key : null };
  } catch {
    return null;
  }
}
