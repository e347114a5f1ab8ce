import { hexOf } from "../core/encoding/hex.ts";

/*
 * How scripts travel: by digest, and with the flag that keeps them from stopping the whole database. Upstash runs a script
 * under a lock on all keys, unless its first line says that it touches none but those it names: so each of our scripts
 * names all its keys. Redis itself does not know the flag and refuses it; then it is left out.
 *
 * https://upstash.com/docs/redis/features/key-locking, https://redis.io/docs/latest/commands/evalsha/
 */

/** Name and arguments, as `Command`. */
type Words = readonly [name: string, ...args: string[]];

const flagLine = "#!lua flags=allow-key-locking\n";

/**
 * SHA-1 of each script in hex, by what is sent. Scripts are constants, so there are few. Only what is known is kept, and
 * no promise: an isolate's requests must not wait for each other's.
 */
const digests = new Map<string, string>();

/** Each script with its flag. */
const flagged = new Map<string, string>();

/** Servers that do not know the flag, by URL: each isolate finds out once. */
const withoutFlag = new Set<string>();

/** The script by its digest; what follows is as in `EVAL`. */
export async function byDigest(url: string, [, script = "", ...words]: Words): Promise<Words> {
  return ["EVALSHA", await digestOf(bodyFor(url, script)), ...words];
}

/** An `EVAL` as this server takes it; other commands as they are. */
export function byBody(url: string, command: Words): Words {
  if (command[0] !== "EVAL") return command;
  const [, script = "", ...words] = command;
  return ["EVAL", bodyFor(url, script), ...words];
}

/** Notes that the server does not know the flag. */
export function leaveFlagOut(url: string): void {
  withoutFlag.add(url);
}

function bodyFor(url: string, script: string): string {
  if (withoutFlag.has(url)) return script;
  const known = flagged.get(script) ?? flagLine + script;
  flagged.set(script, known);
  return known;
}

async function digestOf(text: string): Promise<string> {
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = hexOf(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  digests.set(text, digest);
  return digest;
}
