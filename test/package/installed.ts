import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "vitest";
import { root } from "../../tools/root.ts";
import { startChild } from "../workers/child.ts";
import { npm, npmMs, type Tarballs } from "./packed.ts";

/** What an app needs to be developed and not to run, taken from here: it is large, and not what is tested. */
const isLent = (name: string) => !name.startsWith("@brain/");

/** A project that was made from the tarballs, outside of the checkout, with the packages that its package.json names. */
export interface Installed {
  readonly folder: string;
  /** Runs a program of the project there. @throws {Error} with its output when it fails */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** The same, whatever its exit code. */
  tried(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  remove(): Promise<void>;
}

export interface Ended {
  readonly code: number | string;
  readonly output: string;
}

/** Takes from this checkout what a folder does not have. */
async function lend(folder: string, names: readonly string[]): Promise<void> {
  const present = new Set(await readdir(join(folder, "node_modules")));
  for (const name of names) {
    if (!present.has(name))
      await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  const programs = new Set(await readdir(join(folder, "node_modules/.bin")));
  for (const name of await readdir(join(root, "node_modules/.bin"))) {
    const own = join(folder, "node_modules/.bin", name);
    if (!programs.has(name)) await symlink(join(root, "node_modules/.bin", name), own);
  }
}

const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];

async function tried(
  folder: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const own = join(folder, "node_modules/.bin");
  const path = `${own}${delimiter}${process.env.PATH ?? ""}`;
  // Goes with the folder.
  const compiled = { NODE_COMPILE_CACHE: join(folder, "node_modules/.cache/node") };
  const all = { NO_COLOR: "1", ...compiled, ...env, PATH: path };
  const child = startChild(join(own, program), args, all, { cwd: folder });
  return { code: await child.ended(npmMs), output: child.output() };
}

async function run(...words: Parameters<typeof tried>): Promise<string> {
  const { code, output } = await tried(...words);
  expect(code, output).toBe(0);
  return output;
}

/**
 * Makes an app as somebody does who has nothing of ours yet: `npm create`, which installs and runs `create-app`, and
 * `npm install` there. The packages of others come from npm, if its cache does not have them.
 */
export async function installApp(tarballs: Tarballs): Promise<Installed> {
  const place = await mkdtemp(join(tmpdir(), "brain-app-"));
  const folder = join(place, "tea-shop");
  await writeFile(join(place, "package.json"), JSON.stringify({ private: true }));
  await npm(place, ["install", ...quiet, tarballs.createApp]);
  const words = ["tea-shop", "--module", "shop", "--event", "shop.order.placed", "--lang", "en", "--yes"];
  await run(place, "create-app", [...words, "--owner", "Ada", "--packages", tarballs.folder], {});
  const path = join(folder, "package.json");
  const text = await readFile(path, "utf8");
  const manifest = JSON.parse(text) as { devDependencies: Record<string, string> };
  const lent = Object.keys(manifest.devDependencies).filter(isLent);
  const installed = Object.entries(manifest.devDependencies).filter(([name]) => !isLent(name));
  await writeFile(path, JSON.stringify({ ...manifest, devDependencies: Object.fromEntries(installed) }));
  await npm(folder, ["install", "--legacy-peer-deps", ...quiet]);
  await writeFile(path, text);
  await mkdir(join(folder, "node_modules/@types"), { recursive: true });
  await lend(folder, lent);
  return {
    folder,
    run: (program, args, env = {}) => run(folder, program, args, env),
    tried: (program, args, env = {}) => tried(folder, program, args, env),
    remove: () => rm(place, { recursive: true, force: true }),
  };
}
