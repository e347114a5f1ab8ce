/*
 * Where old events go: one file a day, written over as many invocations as it takes. A storage says how many bytes it
 * keeps for good; whoever writes goes on from there, so nothing is missing and nothing is doubled after a kill.
 */

/** What a storage needs to go on with a file, as JSON; null when it needs nothing. */
export type ArchiveState = { readonly [name: string]: unknown } | null;

/** Files that are written once, from front to back. */
export interface Archive {
  /**
   * Begins a file, or goes on with it.
   *
   * @param name without a folder, e.g. `events-2026-01-31.jsonl`
   * @param durable bytes that are kept for good; whatever stands behind them is replaced
   * @param state of the `ArchiveFile` that wrote them; null at the beginning
   */
  open(name: string, durable: number, state: ArchiveState): Promise<ArchiveFile>;
  /** A complete file from front to back; null: there is none of that name. */
  read(name: string): Promise<ReadableStream<Uint8Array> | null>;
}

export interface ArchiveFile {
  /** Bytes that are kept for good. What was written beyond them is lost when this invocation ends. */
  readonly durable: number;
  readonly state: ArchiveState;
  /** @throws {ArchiveLostError} the storage has given the file up */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes everything that was written durable; nothing can be written after it, but `complete` may follow later. */
  flush(): Promise<void>;
  /** Ends a flushed file: from now on it is there under its name. Again after a lost answer: harmless. */
  complete(): Promise<void>;
}

/** The storage no longer has what was written so far: the file has to be begun anew. */
export class ArchiveLostError extends Error {
  override readonly name = "ArchiveLostError";
}

/**
 * Cuts the file to `at` bytes, writes `bytes` there and returns when they are on the disk.
 * Cutting comes first: what a killed run left behind `at` is not known to anybody.
 */
export type WriteAt = (name: string, at: number, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

/** An archive in a folder. Small writes are gathered. */
export function createFolderArchive(
  writeAt: WriteAt,
  read: Archive["read"],
  gatherBytes = 1_048_576,
): Archive {
  return {
    read,
    async open(name, start) {
      let durable = start;
      const waiting = createBuffer();
      const put = async () => {
        const bytes = waiting.take(waiting.length);
        await writeAt(name, durable, bytes);
        durable += bytes.length;
      };
      return {
        get durable() {
          return durable;
        },
        state: null,
        async write(bytes) {
          waiting.add(bytes);
          if (waiting.length >= gatherBytes) await put();
        },
        flush: put,
        complete: async () => undefined,
      };
    },
  };
}

/** What we use of an R2 bucket: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/ */
export interface ArchiveBucket {
  createMultipartUpload(key: string): Promise<BucketUpload>;
  resumeMultipartUpload(key: string, uploadId: string): BucketUpload;
  head(key: string): Promise<{ readonly size: number } | null>;
  get(key: string): Promise<{ readonly body: ReadableStream<Uint8Array> } | null>;
}

interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
}

interface BucketUpload {
  readonly uploadId: string;
  uploadPart(partNumber: number, bytes: Uint8Array): Promise<UploadedPart>;
  complete(parts: UploadedPart[]): Promise<unknown>;
}

/** All parts but the last must have the same size, at least 5 MiB: https://developers.cloudflare.com/r2/objects/multipart-objects/ */
const defaultPartBytes = 8 * 1_048_576;
/** R2's code for an upload that was completed, aborted, or not touched for seven days. */
const noSuchUpload = /10024|NoSuchUpload|upload does not exist/i;

/** An archive in an R2 bucket: a multipart upload for each file, which any invocation can go on with. */
export function createBucketArchive(bucket: ArchiveBucket, partBytes = defaultPartBytes): Archive {
  return {
    read: async (name) => (await bucket.get(name))?.body ?? null,
    async open(name, start, state) {
      const known = state as { readonly upload_id: string; readonly parts: readonly UploadedPart[] } | null;
      const upload =
        known === null
          ? await bucket.createMultipartUpload(name)
          : bucket.resumeMultipartUpload(name, known.upload_id);
      const parts: UploadedPart[] = [...(known?.parts ?? [])];
      let durable = start;
      const waiting = createBuffer();
      const put = async (length: number) => {
        const bytes = waiting.take(length);
        try {
          const part = await upload.uploadPart(parts.length + 1, bytes);
          parts.push({ partNumber: part.partNumber, etag: part.etag });
        } catch (error) {
          throw asLost(error, name);
        }
        durable += bytes.length;
      };
      return {
        get durable() {
          return durable;
        },
        get state() {
          return { upload_id: upload.uploadId, parts: [...parts] };
        },
        async write(bytes) {
          waiting.add(bytes);
          while (waiting.length >= partBytes) await put(partBytes);
        },
        async flush() {
          if (waiting.length > 0) await put(waiting.length);
        },
        async complete() {
          try {
            await upload.complete([...parts]);
          } catch (error) {
            // Completed before, and nobody heard of it.
            const standing = await bucket.head(name);
            if (standing?.size !== durable) throw asLost(error, name);
          }
        },
      };
    },
  };
}

function asLost(error: unknown, name: string): unknown {
  if (!noSuchUpload.test(String(error))) return error;
  return new ArchiveLostError(`The storage has given up the unfinished file ${name}; it is begun anew.`, {
    cause: error,
  });
}

/** Bytes in order, taken off in other pieces than they came in. */
function createBuffer() {
  let pieces: Uint8Array[] = [];
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(bytes: Uint8Array) {
      pieces.push(bytes);
      length += bytes.length;
    },
    /** The first `count` bytes. */
    take(count: number): Uint8Array<ArrayBuffer> {
      const taken = new Uint8Array(count);
      const rest: Uint8Array[] = [];
      let filled = 0;
      for (const piece of pieces) {
        const part = piece.subarray(0, count - filled);
        taken.set(part, filled);
        filled += part.length;
        if (part.length < piece.length) rest.push(piece.subarray(part.length));
      }
      pieces = rest;
      length -= count;
      return taken;
    },
  };
}
