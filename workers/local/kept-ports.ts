/** Ports that a start takes again: what was noted of them elsewhere (`.dev.vars`) stays true. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isPortFree } from "./ports.ts";

export interface KeptPortOptions {
  readonly dataDir: string;
  /** Of the file that remembers it. */
  readonly name: "upstash-port" | "neon-port";
  /** Must be this one; null: that of the last start, or any. */
  readonly wanted: number | null;
  /** Told when it had to change. */
  readonly onProgress: (line: string) => void;
}

/**
 * Listens with `listen` on the port that is wanted, or that of the last start, or a free one, and remembers it.
 *
 * @param listen takes 0 for a free one
 * @throws Error the port that is wanted is taken
 */
export async function onKeptPort<Server>(
  { dataDir, name, wanted, onProgress }: KeptPortOptions,
  listen: (port: number) => Promise<Server>,
  portOf: (server: Server) => number,
): Promise<Server> {
  const file = join(dataDir, name);
  const what = name === "neon-port" ? "the Neon-compatible gateway" : "the Upstash-compatible gateway";
  if (wanted !== null && !(await isPortFree(wanted))) {
    throw new Error(
      `port ${wanted} for ${what} is taken by another program. End that, or name another port.`,
    );
  }
  const before = wanted === null ? await readPort(file) : null;
  const isFree = before !== null && (await isPortFree(before));
  const server = await listen(wanted ?? (isFree ? before : 0));
  const port = portOf(server);
  if (before !== null && before !== port) {
    onProgress(
      `! port ${before}, which ${what} had, is taken by another program; it has ${port} now. What names the old one, as .dev.vars, needs the new one.`,
    );
  }
  await writeFile(file, `${port}\n`);
  return server;
}

/** Null: none is remembered, or what stands there is none. */
async function readPort(file: string): Promise<number | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  const port = /^\d{1,5}\n?$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : null;
}
