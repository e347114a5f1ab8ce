/** A real Chromium for tests of pages: found, or installed where that is possible. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const elsewhere = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

const howToInstall =
  "The tests of pages need Chromium, and there is none on this machine. Install it (Debian, Ubuntu: sudo apt-get install chromium; " +
  "macOS: brew install --cask google-chrome; Fedora: sudo dnf install chromium), or set BRAIN_TEST_CHROMIUM to its path.";

function find(): string | null {
  const { BRAIN_TEST_CHROMIUM: named, PATH = "" } = process.env;
  if (named !== undefined && named !== "") return named;
  const onPath = names.flatMap((name) => PATH.split(delimiter).map((folder) => join(folder, name)));
  return [...onPath, ...elsewhere].find((file) => existsSync(file)) ?? null;
}

/** @throws Error that says how to install it */
async function findOrInstall(): Promise<string> {
  const found = find();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    try {
      // Another program may be installing at this moment: wait for it.
      const wait = ["-o", "DPkg::Lock::Timeout=120"];
      await run("apt-get", [...wait, "update"], { env, maxBuffer: 2 ** 24 });
      await run("apt-get", [...wait, "install", "-y", "--no-install-recommends", "chromium"], {
        env,
        maxBuffer: 2 ** 24,
      });
    } catch (error) {
      throw new Error(`${howToInstall} The installation with apt-get failed.`, { cause: error });
    }
    const installed = find();
    if (installed !== null) return installed;
  }
  throw new Error(howToInstall);
}

/** A browser without window. The caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await findOrInstall();
  // Root has no sandbox of Chromium's; the pages are our own.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, "--disable-dev-shm-usage"], timeout: 120_000 });
}
