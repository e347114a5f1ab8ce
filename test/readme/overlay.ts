import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { root } from "../../tools/root.ts";

const copied = [
  "schemas",
  "src",
  "workers",
  "migrations",
  "test",
  "biome.json",
  "drizzle.config.ts",
  "package.json",
  "tsconfig.json",
];

/** A copy of the project, to be changed as a reader of the documents changes it. */
export interface Overlay {
  readonly folder: string;
  write(path: string, text: string): Promise<void>;
  /** Replaces the one place where `text` stands. @throws {Error} it stands nowhere, or more than once */
  insertBehind(path: string, text: string, addition: string): Promise<void>;
  /** Runs a program of node_modules/.bin in the copy. @throws {Error} with its output when it fails */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/** Packages are linked, except our own, which is the copy's. */
async function linkPackages(folder: string): Promise<void> {
  const target = join(folder, "node_modules");
  await mkdir(join(target, "@brain"), { recursive: true });
  const names = await readdir(join(root, "node_modules"));
  await Promise.all(
    names
      .filter((name) => name !== "@brain" && !/^\.(?!bin$)/.test(name))
      .map((name) => symlink(join(root, "node_modules", name), join(target, name))),
  );
  await symlink(join(folder, "schemas"), join(target, "@brain", "schemas"));
  await symlink(join(folder, "src", "engine"), join(target, "@brain", "engine"));
}

/** What `npm run build` makes. */
const isBuilt = (path: string) => /\/dist$/.test(path);

/** @param names what is copied of the project */
export async function createOverlay(names: readonly string[] = copied): Promise<Overlay> {
  const folder = await mkdtemp(join(tmpdir(), "brain-readme-"));
  const copy = (name: string) =>
    cp(join(root, name), join(folder, name), { recursive: true, filter: (path) => !isBuilt(path) });
  await Promise.all(names.map(copy));
  await linkPackages(folder);
  return {
    folder,
    async write(path, text) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    async insertBehind(path, text, addition) {
      const parts = (await readFile(join(folder, path), "utf8")).split(text);
      if (parts.length !== 2)
        throw new Error(`${path} has "${text}" ${parts.length - 1} times, expected once.`);
      await writeFile(join(folder, path), parts.join(text + addition));
    },
    run: (program, args, env = {}) => run(folder, program, args, env),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const keptResolution = new URL("../../tools/kept-resolution.ts", import.meta.url).href;

/** What hangs is ended; a compiler on a busy machine takes two minutes. */
const timeLimitMs = 380_000;

function run(
  folder: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const bin = join(root, "node_modules", ".bin");
  const path = `${bin}${delimiter}${process.env.PATH ?? ""}`;
  // Goes with the folder.
  const compiled = { NODE_COMPILE_CACHE: join(folder, "node_modules/.cache/node") };
  // A script of npm starts its program so, by `tools/run.mjs`.
  const preloaded = program === "node" ? ["--import", keptResolution] : [];
  const child = spawn(join(bin, program), [...preloaded, ...args], {
    cwd: folder,
    env: { PATH: path, HOME: folder, NO_COLOR: "1", ...compiled, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeLimitMs,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${program} ${args.join(" ")} ended with ${code ?? signal}:\n${output}`));
    });
  });
}
