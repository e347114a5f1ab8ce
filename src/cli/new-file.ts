import { rmSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { CliError } from "./errors.ts";
import { fileError } from "./file-errors.ts";

/** What ends a program at a terminal, or from outside, before it is done. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The file has its name when it is whole, and is there not at all when it does not become so; only its owner may read it.
 * Until then it has a name that nobody else's file has, and it goes with the program when that is ended.
 *
 * @throws {UsageError} the path is wrong
 * @throws {CliError} as the chunks threw it, or the disk failed
 */
export async function writeNewFile(
  file: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const part = `${file}.${crypto.randomUUID()}.part`;
  const end = (signal: NodeJS.Signals) => {
    rmSync(part, { force: true });
    // Its listener is gone with the first signal, so this one ends the program as if nobody had listened.
    process.kill(process.pid, signal);
  };
  for (const signal of endings) process.once(signal, end);
  try {
    // Opened before the chunks are asked for: a stream that opens by itself may make the file behind its removal.
    const handle = await open(part, "wx", 0o600);
    try {
      for await (const chunk of chunks) await handle.appendFile(chunk);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error instanceof CliError ? error : fileError(`${file} cannot be written`, error);
  } finally {
    for (const signal of endings) process.off(signal, end);
  }
}
