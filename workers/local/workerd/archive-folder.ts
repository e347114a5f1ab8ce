/** The archive of `npm start`: workerd has no file system, so this program writes the files for it. */

import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { makeFolder } from "../../../src/governance/files/make-folder.ts";

const nameShape = /^[a-z]+-\d{4}-\d{2}-\d{2}\.jsonl$/;

/** The file as a stream; 404 when there is none. */
async function readWhole(folder: string, name: string): Promise<Response> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => null);
  if (found === null) return new Response(null, { status: 404 });
  return new Response(Readable.toWeb(createReadStream(path)) as unknown as ReadableStream<Uint8Array>);
}

/** The file is shorter than what was written to it. */
class FileLostError extends Error {
  override readonly name = "FileLostError";
}

/** Cuts the file to `at` bytes, writes there, and returns when it is on the disk. */
async function writeAt(folder: string, name: string, at: number, bytes: Uint8Array): Promise<void> {
  makeFolder(folder);
  // "a" makes the file and keeps what it holds; only "r+" writes at a position.
  await (await open(join(folder, name), "a")).close();
  const file = await open(join(folder, name), "r+");
  try {
    const { size } = await file.stat();
    if (size < at) throw new FileLostError(`${name} has ${size} bytes, expected at least ${at}`);
    await file.truncate(at);
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
      written += bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * What answers the workers' binding ARCHIVE_FOLDER: `PUT /{name}?at={offset}` with the bytes. 410: the file was shortened or removed,
 * so it has to be begun anew.
 *
 * @param folder made when the first file is written
 */
export function createArchiveService(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const name = url.pathname.slice(1);
    const at = Number(url.searchParams.get("at"));
    if (request.method === "GET" && nameShape.test(name)) return readWhole(folder, name);
    if (request.method !== "PUT" || !nameShape.test(name) || !Number.isSafeInteger(at) || at < 0) {
      return new Response("expected PUT /{name}-YYYY-MM-DD.jsonl?at={bytes}, or GET without at", {
        status: 400,
      });
    }
    try {
      await writeAt(folder, name, at, new Uint8Array(await request.arrayBuffer()));
      return new Response(null, { status: 204 });
    } catch (error) {
      return new Response(String(error), { status: error instanceof FileLostError ? 410 : 500 });
    }
  };
}
