/*
 * Where an error was thrown, as text for a log line or a dead letter: class and place of the error and of its causes.
 * Messages are left to the caller, who alone knows which may be shown.
 */

/** One line of a stack. */
interface Frame {
  /** Null at the top of a module. */
  readonly name: string | null;
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
}

/** Frames of one error; those of the causes say more than the deep end of the first. */
const maxFrames = 12;
const maxCauses = 4;
/** Characters of the whole. */
export const maxStackLength = 4_000;

/**
 * Stacks of an error and of its causes, the newest frame first, with paths from the root of the project. Never the
 * messages that the stacks begin with: those may hold values.
 *
 * @param textOf one line for an error, without values
 * @returns null when nothing says where it was thrown
 */
export function stackText(thrown: unknown, textOf: (error: Error) => string): string | null {
  const parts: string[] = [];
  let error: unknown = thrown;
  let found = false;
  let above: string | null = null;
  for (let depth = 0; error instanceof Error && depth <= maxCauses; depth += 1) {
    const frames = framesOf(error);
    found ||= frames.length > 0;
    const text = textOf(error);
    // What a driver threw is told by the line of what it became; to say so again would look like another error.
    const said = text === above ? error.name : `${error.name}: ${text}`;
    parts.push([`${depth === 0 ? "" : "caused by "}${said}`, ...frames.map(frameText)].join("\n"));
    above = text;
    error = error.cause;
  }
  return found ? parts.join("\n").slice(0, maxStackLength).toWellFormed() : null;
}

/** The innermost place in the project's own code, such as `src/modules/payment/consumer.ts:41`; null when unknown. */
export function thrownAt(thrown: unknown): string | null {
  if (!(thrown instanceof Error)) return null;
  const frame = framesOf(thrown).find(({ file }) => !file.startsWith("node_modules/"));
  return frame === undefined ? null : `${frame.file}:${frame.line}`;
}

function frameText({ name, file, line, column }: Frame): string {
  const place = `${file}:${line}${column === null ? "" : `:${column}`}`;
  return name === null ? `    at ${place}` : `    at ${name} (${place})`;
}

/** `    at name (file:line:column)` or `    at file:line:column`, as V8 writes them. */
const framePattern = /^ {4}at (?:(.{1,200}?) \()?([^()]{1,500}):(\d{1,9}):(\d{1,9})\)?$/;

function framesOf({ stack, message }: Error): Frame[] {
  if (typeof stack !== "string") return [];
  // A message may have lines that look like frames.
  const at = message === "" ? -1 : stack.indexOf(message);
  const lines = stack.slice(at === -1 ? 0 : at + message.length).split("\n", 60);
  const frames = lines.flatMap((line): Frame[] => {
    const [, name = null, file, row, column] = framePattern.exec(line) ?? [];
    if (file === undefined || isOfRuntime(file)) return [];
    return [atSource({ name, file, line: Number(row), column: Number(column) })];
  });
  return frames.slice(0, maxFrames);
}

function isOfRuntime(file: string): boolean {
  return /^(node|ext|deno|cloudflare|native|internal):|^<anonymous>$/.test(file);
}

/** From the bundle to the source where the host has told us how; else as it stands, without the path above the project. */
function atSource(frame: Frame): Frame {
  const source = /\.tsx?$/.test(frame.file) ? null : sourceOf(frame);
  if (source !== null) return { ...frame, file: projectPath(source.file), line: source.line, column: null };
  return { ...frame, file: projectPath(frame.file) };
}

/** Nothing above the root of the project is shown; what is outside of it by name alone. */
function projectPath(file: string): string {
  const path = decodePath(file)
    .replace(/^[a-z]+:\/\/[^/]*/i, "")
    .replace(/[?#].*/, "");
  const inPackage = path.lastIndexOf("/node_modules/");
  if (inPackage !== -1) return path.slice(inPackage + 1);
  const inside =
    /(?:^|\/)((?:src|schemas|workers|test|tools)\/(?!.*\/(?:src|schemas|workers|test|tools)\/).*)$/.exec(
      path,
    );
  return inside?.[1] ?? path.slice(path.lastIndexOf("/") + 1);
}

function decodePath(file: string): string {
  try {
    return decodeURI(file);
  } catch {
    return file;
  }
}

/**
 * How lines of a bundle map to lines of the source, where the host does not map stacks by itself: written behind the
 * bundle by the tool that made it. `files` are paths; each of `runs` is three numbers in base 36, as differences to the
 * run before: the line of the bundle at which it begins, index of the file, and line of the file.
 */
export interface SourceLines {
  readonly files: readonly string[];
  readonly runs: string;
}

/** Of each module of the bundle, by its file name; that of the main module, which has a name of the host's, is empty. */
export type PartsLines = Readonly<Record<string, SourceLines>>;

/** Name of the global variable with the PartsLines. */
export const sourceLinesName = "brainSourceLines";

type Run = readonly [bundleLine: number, file: number, sourceLine: number];

interface Runs {
  readonly files: readonly string[];
  readonly runs: readonly Run[];
}

/** Read at the first error of the isolate; the bundle of an isolate does not change. */
let isolateRuns: ReadonlyMap<string, Runs> | undefined;

function sourceOf(frame: Frame): { readonly file: string; readonly line: number } | null {
  isolateRuns ??= readRuns();
  const name = frame.file.slice(frame.file.lastIndexOf("/") + 1);
  const of = isolateRuns.get(name) ?? isolateRuns.get("");
  if (of === undefined) return null;
  const { files, runs } = of;
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.[0] ?? 0) <= frame.line) low = middle + 1;
    else high = middle;
  }
  const [start = 0, file = -1, line = 0] = runs[low - 1] ?? [];
  const source = files[file];
  return source === undefined ? null : { file: source, line: line + frame.line - start };
}

function readRuns(): Map<string, Runs> {
  const given = (globalThis as { readonly [name: string]: unknown })[sourceLinesName] as
    | PartsLines
    | undefined;
  return new Map(
    Object.entries(given ?? {}).map(([name, { files, runs }]) => [name, { files, runs: unpacked(runs) }]),
  );
}

function unpacked(runs: string): Run[] {
  let [bundleLine, file, line] = [0, 0, 0];
  return runs.split(";").map((run): Run => {
    const [lines = 0, files = 0, sourceLines = 0] = run
      .split(",")
      .map((digits) => Number.parseInt(digits, 36));
    bundleLine += lines;
    file += files;
    line += sourceLines;
    return [bundleLine, file, line];
  });
}
