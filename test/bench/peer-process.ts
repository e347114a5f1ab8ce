import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PeerAnswer, PeerCalls, PeerOptions, PeerRequest } from "./peer-protocol.ts";

/** The packages of the peers, installed when a bench needs them, and their processes. */

const folder = fileURLToPath(new URL("peers/", import.meta.url).href);

/** Installs what `peers/package-lock.json` says, unless it is there. @throws {Error} npm failed */
export async function installPeers(): Promise<void> {
  const lock = await readFile(join(folder, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules", ".brain-lock");
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === lock) return;
  console.error("installing the peers (npm ci in test/bench/peers)");
  // None of them needs its install scripts.
  const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const npm = spawn("npm", args, {
    cwd: folder,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  const [code] = await once(npm, "exit");
  if (code !== 0) throw new Error(`npm ci in ${folder} ended with exit code ${code}; its last lines say why`);
  await writeFile(stamp, lock);
}

/** The version that is installed. */
export async function versionOf(name: string): Promise<string> {
  const text = await readFile(join(folder, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** A peer that runs. */
export interface Peer extends PeerCalls {
  readonly pid: number;
  /** Kills it: what it has is thrown away. */
  end(): void;
}

export async function startPeer(options: PeerOptions): Promise<Peer> {
  const child = fork(join(folder, "main.ts"), [JSON.stringify(options)]);
  await answerOf(child);
  const ask = async <T>(method: keyof PeerCalls, ...args: readonly number[]): Promise<T> => {
    child.send({ method, args } satisfies PeerRequest);
    return (await answerOf(child)) as T;
  };
  return {
    pid: child.pid ?? 0,
    clear: () => ask("clear"),
    publish: (n, width) => ask("publish", n, width),
    publishBulk: (n, size) => ask("publishBulk", n, size),
    drain: (n) => ask("drain", n),
    paced: (n, perSecond) => ask("paced", n, perSecond),
    end() {
      child.kill("SIGKILL");
    },
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const gone = new AbortController();
  const ended = once(child, "exit", { signal: gone.signal }).then(([code]) => {
    throw new Error(`a peer ended with ${code}`);
  });
  ended.catch(() => undefined);
  try {
    const [answer] = (await Promise.race([once(child, "message", { signal: gone.signal }), ended])) as [
      PeerAnswer,
    ];
    if ("error" in answer) throw new Error(`a peer failed: ${answer.error}`);
    return answer.result;
  } finally {
    gone.abort();
  }
}
