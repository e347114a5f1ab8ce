/**
 * Upstash knows a flag in the first line of a script that Redis does not: the script touches only the keys that it names.
 * The line is left out on the way to Redis, and digests of scripts with it are translated.
 *
 * Source: https://upstash.com/docs/redis/features/key-locking
 */

import { createHash } from "node:crypto";
import type { CommandArgument } from "../redis/resp.ts";

const upstashFlag = "allow-key-locking";

/** Digests of so many scripts are known; whoever asks for another one gets NOSCRIPT and sends it again. */
const maxKnown = 10_000;

/** Translates the commands of clients that send scripts. */
export function createScriptTranslation(): (args: readonly CommandArgument[]) => readonly CommandArgument[] {
  /** Digest as clients know it → as Redis knows it. */
  const known = new Map<string, string>();

  const learn = (script: string): string => {
    const plain = withoutUpstashFlag(script);
    if (plain === script) return script;
    const [oldest] = known.keys();
    if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest);
    known.set(sha1(script), sha1(plain));
    return plain;
  };
  const translate = (digest: CommandArgument): CommandArgument =>
    known.get(String(digest).toLowerCase()) ?? digest;

  return (args) => {
    const [name, first, second] = args;
    const command = typeof name === "string" ? name.toUpperCase() : "";
    if (name === undefined || first === undefined) return args;
    if (command === "EVAL" || command === "EVAL_RO") return [name, learn(textOf(first)), ...args.slice(2)];
    if (command === "EVALSHA" || command === "EVALSHA_RO") return [name, translate(first), ...args.slice(2)];
    if (command !== "SCRIPT" || second === undefined) return args;
    const what = String(first).toUpperCase();
    if (what === "LOAD") return [name, first, learn(textOf(second))];
    return what === "EXISTS" ? [name, first, ...args.slice(2).map(translate)] : args;
  };
}

function textOf(argument: CommandArgument): string {
  return typeof argument === "string" ? argument : Buffer.from(argument).toString("utf8");
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

/** Other flags stay. A line without any is left empty, so that errors keep their line numbers. */
function withoutUpstashFlag(script: string): string {
  const [line = ""] = script.split("\n", 1);
  const flags = /^#!lua\s+flags=(\S*)\s*$/.exec(line)?.[1]?.split(",");
  if (flags === undefined || !flags.includes(upstashFlag)) return script;
  const others = flags.filter((flag) => flag !== upstashFlag);
  return `${others.length === 0 ? "" : `#!lua flags=${others.join(",")}`}${script.slice(line.length)}`;
}
