import type { IncomingMessage } from "node:http";

/** What the body of a request is packed with, or null when it comes as it is. */
export function encodingOf({ headers }: IncomingMessage): string | null {
  const encoding = headers["content-encoding"]?.trim() ?? "";
  return encoding === "" || encoding.toLowerCase() === "identity" ? null : encoding;
}

/**
 * The whole body, or null when it is larger than `maxBytes`. What follows the limit is read and thrown away, so that the
 * client gets the answer instead of a reset connection; but no more than as much again.
 *
 * @throws Error when the client goes away before the end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (size > 2 * maxBytes) {
        request.pause();
        resolve(null);
      }
    });
    request.on("end", () => {
      if (size > maxBytes) resolve(null);
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.on("error", reject);
    request.on("aborted", () => reject(new Error("the client went away before the end of its request")));
  });
}
