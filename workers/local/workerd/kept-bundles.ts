/**
 * Bundles that need not be made again, below `node_modules/.cache`, which `npm ci` empties. Bundling is most of what a
 * start computes, and between two starts the source is mostly the same.
 */

import { createHash, randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import type { Plugin } from "esbuild";

export interface Bundle {
  readonly main: string;
  /** Modules beside it by the name under which it imports them. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface Keeping {
  /** Where bundles are kept; made when it is missing. One that cannot be written keeps nothing. */
  readonly folder: string;
  /** Absolute. A bundle is kept when all that it is made of is below this folder. */
  readonly root: string;
  /** Tells bundles of one root apart: where it begins, options, version of the bundler. */
  readonly key: string;
  /** Files that decide what the bundle is beside its inputs, such as that of a plugin; absolute. */
  readonly makers: readonly string[];
}

/** More are not kept: the product has two, and tests and benchmarks some of their own. Each has up to 5 MB. */
const maxKept = 16;

/** What a bundle was made of: files and folders by path below the root; that of a folder ends with a slash. */
type Inputs = Map<string, State>;

interface State {
  /** Of what a file holds, or of the names in a folder; empty where nothing is that can be read. */
  readonly digest: string;
  /** Which file it was and when it last changed: while that is the same, it need not be read. Empty: it says nothing. */
  readonly seen: string;
}

/** A file may change again at what its file system calls the same time, ms. */
const sameTimeMs = 2_000;

/**
 * The bundle of an earlier run, when every file that went into it is the same and none was added that an import could lead
 * to; else a new one, which is kept. Processes may do so at the same time.
 *
 * @param build calls esbuild with this plugin before all others
 * @throws what `build` throws
 */
export async function keptBundle(
  keeping: Keeping,
  build: (notesInputs: Plugin) => Promise<Bundle>,
): Promise<Bundle> {
  const file = join(keeping.folder, `${digest([keeping.root, keeping.key].join("\n"))}.json`);
  const kept = read(file, keeping.root);
  if (kept !== null) return kept;
  const inputs: Inputs = new Map();
  let isBelow = keeping.makers.map((path) => note(inputs, keeping.root, path)).every(Boolean);
  const made = await build({
    name: "notes-inputs",
    setup({ onLoad }) {
      // Before its imports are resolved: what is added or changed from now on does not fit what is noted.
      onLoad({ filter: /./ }, ({ path, namespace }) => {
        if (namespace !== "file" || !note(inputs, keeping.root, path)) isBelow = false;
        return undefined;
      });
    },
  });
  if (isBelow && isUnchanged(inputs, keeping.root)) write(file, inputs, made);
  return made;
}

const digest = (content: string | Buffer): string => createHash("sha256").update(content).digest("base64url");

/** @returns false for what is not below the root */
function note(inputs: Inputs, root: string, path: string): boolean {
  const name = relative(root, path);
  if (name === "" || name.startsWith("..") || name.startsWith(sep)) return false;
  inputs.set(name, stateOf(path, name));
  for (let folder = dirname(name); ; folder = dirname(folder)) {
    if (inputs.has(`${folder}${sep}`)) return true;
    noteFolder(inputs, root, folder);
    if (folder === ".") return true;
  }
}

/** A folder on the way from an input to the root, with the packages that it holds and what says how imports are resolved. */
function noteFolder(inputs: Inputs, root: string, folder: string): void {
  const add = (name: string) => inputs.set(name, stateOf(join(root, name), name));
  add(`${folder}${sep}`);
  // Settings of the compiler that others extend stand beside them, mostly.
  for (const name of namesOf(join(root, folder)).filter((held) => /^(package|tsconfig.*)\.json$/.test(held)))
    add(join(folder, name));
  const packages = basename(folder) === "node_modules" ? folder : join(folder, "node_modules");
  const names = namesOf(join(root, packages)).filter((name) => name.startsWith("@"));
  for (const held of [packages, ...names.map((name) => join(packages, name))]) add(`${held}${sep}`);
}

function isUnchanged(inputs: Inputs, root: string): boolean {
  for (const [name, { digest: known, seen }] of inputs) {
    const path = join(root, name);
    const isSame = seen !== "" && look(path).seen === seen;
    if (!isSame && digestOf(path, name) !== known) return false;
  }
  return true;
}

function stateOf(path: string, name: string): State {
  // Before it is read: what changes it meanwhile is no longer what was seen.
  const { seen, changedMs } = look(path);
  return { seen: changedMs < Date.now() - sameTimeMs ? seen : "", digest: digestOf(path, name) };
}

/** A program can set every other time of a file, and not when it was last changed (`ctime`). */
function look(path: string): { readonly seen: string; readonly changedMs: number } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { seen: "", changedMs: Number.POSITIVE_INFINITY };
  const { dev, ino, size, mtimeMs, ctimeMs } = stat;
  return { seen: [dev, ino, size, mtimeMs, ctimeMs].join(" "), changedMs: ctimeMs };
}

/** Of a folder: the names in it and where links lead. */
function digestOf(path: string, name: string): string {
  if (name.endsWith(sep)) return digest(namesOf(path).join("\n"));
  try {
    return digest(readFileSync(path));
  } catch {
    return "";
  }
}

/** Not those that begin with a dot: caches are among them, and no imports. None where no folder is. */
function namesOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .map((entry) =>
        entry.isSymbolicLink() ? `${entry.name} -> ${readlinkSync(join(path, entry.name))}` : entry.name,
      )
      .sort();
  } catch {
    return [];
  }
}

/** @returns null when there is none, or none that is whole and still right */
function read(file: string, root: string): Bundle | null {
  try {
    const text = readFileSync(file, "utf8");
    const end = text.indexOf("\n");
    const content = text.slice(end + 1);
    if (text.slice(0, end) !== digest(content)) return null;
    const { inputs, main, parts } = JSON.parse(content);
    if (!isUnchanged(new Map(inputs), root)) return null;
    const now = new Date();
    // The ones that nobody asks for are removed first. Whose file it is may be somebody else.
    if (now.getTime() - statSync(file).mtimeMs > 60_000) ignoring(() => utimesSync(file, now, now));
    return { main, parts };
  } catch {
    return null;
  }
}

function write(file: string, inputs: Inputs, { main, parts }: Bundle): void {
  const content = JSON.stringify({ inputs: [...inputs], main, parts });
  const folder = dirname(file);
  const own = `${file}.${randomUUID()}`;
  ignoring(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(own, `${digest(content)}\n${content}`);
    renameSync(own, file);
  });
  ignoring(() => rmSync(own, { force: true }));
  ignoring(() => removeOld(folder));
}

function removeOld(folder: string): void {
  const files = readdirSync(folder).map((name) => join(folder, name));
  const ages = files.map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  const old = ages.sort((a, b) => b.at - a.at).slice(maxKept);
  for (const { file } of old) rmSync(file, { force: true });
}

/** What is kept only saves work: whoever cannot keep it has made it. */
function ignoring(run: () => void): void {
  try {
    run();
  } catch {
    // A folder of somebody else, a full disk.
  }
}
