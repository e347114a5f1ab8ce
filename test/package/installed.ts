import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { startChild } from "../workers/child.ts";
import { npm, npmMs, type Tarballs } from "./packed.ts";

const root = fileURLToPath(new URL("../../", import.meta.url).href);
const example = fileURLToPath(new URL("example/", import.meta.url).href);
/** What the example needs to be developed and not to run, taken from here: it is large, and not what is tested. */
const lent = ["vitest", "@types/node"];

/** The example outside of the checkout, with the packages that its package.json names. */
export interface Installed {
  readonly folder: string;
  /** Runs a program of this checkout there. @throws {Error} with its output when it fails */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/** Installs the example from tarballs of our packages; the others come from npm, if its cache does not have them. */
export async function installExample(tarballs: Tarballs): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "brain-shop-"));
  await cp(example, folder, { recursive: true });
  const path = join(folder, "package.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  // npm would look up all that they need, also to leave it out.
  const { devDependencies: _lent, ...installed } = manifest;
  const { dependencies } = installed;
  dependencies["@brain/engine"] = `file:${tarballs.engine}`;
  dependencies["@brain/schemas"] = `file:${tarballs.schemas}`;
  await writeFile(path, JSON.stringify(installed, null, 2));
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  await npm(folder, ["install", "--prefer-offline", ...quiet]);
  await mkdir(join(folder, "node_modules/@types"), { recursive: true });
  for (const name of lent)
    await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
  return {
    folder,
    async run(program, args, env = {}) {
      const bin = join(root, "node_modules/.bin");
      const path = `${bin}${delimiter}${process.env.PATH ?? ""}`;
      const child = startChild(
        join(bin, program),
        args,
        { NO_COLOR: "1", ...env, PATH: path },
        { cwd: folder },
      );
      const code = await child.ended(npmMs);
      expect(code, child.output()).toBe(0);
      return child.output();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
