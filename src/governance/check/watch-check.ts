/** `charter check --watch`: checks again after each change. */

import { watch } from "node:fs";
import { findRoot } from "../tree/files.ts";
import { asInputError, type CheckOptions, runCheck } from "./run-check.ts";

/** Changes that come together are looked at together. */
const settleMs = 150;

/** Checks again after each change, until the process ends. */
export async function watchCheck(options: CheckOptions, out: NodeJS.WritableStream): Promise<never> {
  const { root } = await asInputError(() => findRoot(options.path));
  const look = async () => {
    const { text, note } = await runCheck(options);
    out.write(`${text}charter check: ${note} Watching ${root}.\n`);
  };
  // Watched before the first look: what changes while it lasts is looked at, too.
  const changes = watchChanges(root);
  try {
    await look();
    while (true) {
      await changes.next();
      await look();
    }
  } finally {
    changes.close();
  }
}

/** Changes of files below a folder, but for what programs write. */
function watchChanges(root: string): { next(): Promise<void>; close(): void } {
  let wake: () => void = () => undefined;
  let isChanged = false;
  const watcher = watch(root, { recursive: true }, (_event, name) => {
    if (name === null || /(?:^|[\\/])(?:node_modules|\.git|dist|\.brain)(?:[\\/]|$)/.test(name)) return;
    isChanged = true;
    wake();
  });
  return {
    async next() {
      if (!isChanged)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      isChanged = false;
    },
    close: () => watcher.close(),
  };
}
