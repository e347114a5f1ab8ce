import { type FileHandle, open, readFile, rename, writeFile } from "node:fs/promises";
import { UsageError } from "../../errors.ts";
import { fileError, tellingFileError } from "../../file-errors.ts";

/** How far an export has come. */
export interface ExportState {
  readonly cursor: string | null;
  /** Events written so far, over all runs. */
  readonly events: number;
  /** Length of the file so far; of no meaning on standard output. */
  readonly bytes: number;
}

/** Where the lines of an export go. */
export interface ExportSink {
  /** What was noted before; a fresh one when nothing was. */
  readonly state: ExportState;
  /** Writes lines, and when they are there notes how far the export is. */
  write(lines: string, next: Pick<ExportState, "cursor" | "events">): Promise<void>;
  close(): Promise<void>;
}

export interface SinkOptions {
  /** Null: standard output. */
  readonly file: string | null;
  /** Null: nothing is noted. Needs a file: who reads standard output notes for himself what he has. */
  readonly stateFile: string | null;
  /** Where to begin when nothing is noted. */
  readonly cursor: string | null;
}

/**
 * With a state file each event is in the file once, whatever ends this program: what was written behind the last note is
 * cut off.
 *
 * @throws {UsageError} a path is wrong, the state is of another file, or no state
 */
export async function openSink({ file, stateFile, cursor }: SinkOptions): Promise<ExportSink> {
  const noted = stateFile === null ? null : await readState(stateFile);
  const handle = file === null ? null : await openFile(file, noted);
  let state: ExportState = noted ?? { cursor, events: 0, bytes: handle?.bytes ?? 0 };
  return {
    get state() {
      return state;
    },
    async write(lines, next) {
      const bytes = Buffer.from(lines, "utf8");
      if (handle === null) await writeOut(bytes);
      else await tellingFileError(`${file} cannot be written`, () => append(handle.file, bytes));
      state = { ...next, bytes: state.bytes + bytes.length };
      if (stateFile !== null) await noteState(stateFile, state);
    },
    close: async () => void (await handle?.file.close()),
  };
}

/** Resolves when the bytes are handed over, so a slow reader is waited for. */
function writeOut(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

async function append(file: FileHandle, bytes: Uint8Array): Promise<void> {
  await file.appendFile(bytes);
  await file.datasync();
}

async function openFile(path: string, noted: ExportState | null) {
  const file = await tellingFileError(`${path} cannot be written`, () => open(path, "a+"));
  const { size } = await file.stat();
  if (noted === null) {
    await requireLines(path, file);
    return { file, bytes: size };
  }
  if (size < noted.bytes) {
    await file.close();
    throw new UsageError(
      `${path} has ${size} bytes, and ${noted.bytes} are noted: the state is of another file. Give the file that belongs to it, or begin a new state file.`,
    );
  }
  await tellingFileError(`${path} cannot be cut`, () => file.truncate(noted.bytes));
  return { file, bytes: noted.bytes };
}

/** How each line of an export begins. */
const lineStart = '{"topic":';

/** @throws {UsageError} the file has something else in it, which lines behind it would spoil */
async function requireLines(path: string, file: FileHandle): Promise<void> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(lineStart.length), { position: 0 });
  if (lineStart.startsWith(buffer.toString("utf8", 0, bytesRead))) return;
  await file.close();
  throw new UsageError(
    `${path} is there already, and has no lines of an export. They are appended to a file that an earlier export wrote, or to a new one: name another file, or remove it.`,
  );
}

async function readState(path: string): Promise<ExportState | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw fileError(`${path} cannot be read`, error);
  });
  if (text === null) return null;
  const state = parseState(text);
  if (state !== null) return state;
  throw new UsageError(
    `${path} is no state of an export. Expected a file that an earlier export has written.`,
  );
}

function parseState(text: string): ExportState | null {
  try {
    const { cursor, events, bytes } = JSON.parse(text) as Partial<ExportState>;
    const isCursor = cursor === null || typeof cursor === "string";
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
    return isCursor && isCount(events) && isCount(bytes) ? { cursor, events, bytes } : null;
  } catch {
    return null;
  }
}

/** The file is whole at any time: another one is written beside it and takes its name. */
async function noteState(path: string, state: ExportState): Promise<void> {
  await tellingFileError(`${path} cannot be written`, async () => {
    await writeFile(`${path}.new`, `${JSON.stringify(state)}\n`, { flush: true });
    await rename(`${path}.new`, path);
  });
}
