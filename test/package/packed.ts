import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject } from "vitest";
import { packages } from "../../tools/packages/manifest.ts";
import { createOverlay, type Overlay } from "../readme/overlay.ts";
import { startChild } from "../workers/child.ts";

/** A packed or an installed program takes minutes on a machine that has other work to do. */
export const npmMs = 400_000;

/** What says how to reach the registry, and nothing that the npm which runs these tests says of them. */
function environment(): Record<string, string> {
  const own = /^(npm_(package|lifecycle|command|execpath|config_local_prefix)|INIT_CWD)/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(kept), NO_UPDATE_NOTIFIER: "1" } as Record<string, string>;
}

/** Runs npm in a folder. @throws {Error} with its output when it fails */
export async function npm(cwd: string, args: readonly string[]): Promise<string> {
  const child = startChild("npm", args, environment(), { cwd });
  const code = await child.ended(npmMs);
  expect(code, child.output()).toBe(0);
  return child.output();
}

/**
 * A copy of the project in which packages can be packed: while npm does that, it changes a package.json, and other tests
 * read those of this checkout.
 */
export async function createPackable(): Promise<Overlay> {
  const folders = ["schemas", "src", "tools", "workers", "templates"];
  const files = ["LICENSE", "package.json", "package-lock.json", "tsconfig.json"];
  const overlay = await createOverlay([...folders, ...files]);
  const lock = await readFile(join(overlay.folder, "package-lock.json"));
  // Says that the packages are those of the lock file, as they are here.
  await overlay.write("node_modules/.brain-lock-hash", createHash("sha256").update(lock).digest("hex"));
  return overlay;
}

export interface Tarballs {
  /** Where they are. */
  readonly folder: string;
  /** What was said while they were made. */
  readonly told: string;
  readonly schemas: string;
  readonly engine: string;
  readonly operator: string;
  readonly charter: string;
  readonly createApp: string;
}

/** What compiling leaves behind: of the same sources the next pack need not compile again. */
const compiled = [...packages.map((name) => `${name}/dist`), "node_modules/.cache/brain-packages"];

async function copyCompiled(from: string, to: string): Promise<void> {
  for (const path of compiled) await cp(join(from, path), join(to, path), { recursive: true });
}

/** Packs all packages. The first test file of a run compiles them. */
export async function packAll({ folder }: Overlay): Promise<Tarballs> {
  const out = join(folder, "out");
  const kept = join(inject("services").folder, "compiled-packages");
  if (existsSync(kept)) await copyCompiled(kept, folder);
  const told = await npm(folder, ["run", "pack", "--", out]);
  if (!existsSync(kept)) {
    const own = await mkdtemp(`${kept}-`);
    await copyCompiled(folder, own);
    // Whoever packed at the same time has kept the same.
    await rename(own, kept).catch(() => rm(own, { recursive: true }));
  }
  const tarball = (name: string) => join(out, `brain-${name}-0.1.0.tgz`);
  return {
    folder: out,
    told,
    schemas: tarball("schemas"),
    engine: tarball("engine"),
    operator: tarball("operator"),
    charter: tarball("charter"),
    createApp: tarball("create-app"),
  };
}
