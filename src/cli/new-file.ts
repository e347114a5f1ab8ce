import { open, rename, rm } from "node:fs/promises";
import { CliError } from "./errors.ts";
import { fileError } from "./file-errors.ts";

/**
 * The file has its name when it is whole, and is there not at all when it does not become so; only its owner may read it.
 *
 * @throws {UsageError} the path is wrong
 * @throws {CliError} as the chunks threw it, or the disk failed
 */
export async function writeNewFile(
  file: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const part = `${file}.part`;
  try {
    await rm(part, { force: true });
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
  }
}
