/** A real Chromium for tests of pages: found, or installed where that is possible. */

import { type Browser, chromium } from "playwright-core";
import { findOrInstall } from "../debian-program.ts";

/** Only what hangs ends by it: on a slow, busy machine a page takes many times what it takes alone. */
export const browserHangMs = 150_000;

/** A browser without window. The caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await findOrInstall({
    // The first is Chromium without what only windows need: it starts fewer processes, and is half as much to install.
    names: [
      "chromium-headless-shell",
      "chromium",
      "chromium-browser",
      "google-chrome",
      "google-chrome-stable",
    ],
    elsewhere: ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
    named: process.env.BRAIN_TEST_CHROMIUM,
    debianPackage: "chromium-headless-shell",
    howToInstall:
      "The tests of pages need Chromium, and there is none on this machine. Install it (Debian, Ubuntu: sudo apt-get install chromium-headless-shell, or chromium; " +
      "macOS: brew install --cask google-chrome; Fedora: sudo dnf install chromium), or set BRAIN_TEST_CHROMIUM to its path.",
  });
  // Root has no sandbox of Chromium's; the pages are our own.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, "--disable-dev-shm-usage"], timeout: 120_000 });
}
