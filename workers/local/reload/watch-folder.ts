/** Which files below a folder change, whoever writes them and however. */

import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";

/**
 * Tells the path below `root` of every file that is written, appears or goes below `root/folder`.
 *
 * Each folder is watched, and no file. The recursive watch of Node on Linux follows the files that it met, and loses one
 * that is replaced: many editors, `sed -i` and git write beside a file, and then rename.
 *
 * @returns ends it
 */
export function watchFolder(root: string, folder: string, onFile: (path: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let stopped = false;

  const forget = (path: string) => {
    for (const [known, watcher] of watchers) {
      if (known !== path && !known.startsWith(`${path}/`)) continue;
      watcher.close();
      watchers.delete(known);
    }
  };
  const isFolder = (path: string) =>
    statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() === true;

  /** @param isNew its files are news too: they may have been written before somebody watched */
  const follow = (path: string, isNew: boolean) => {
    const watcher = watch(join(root, path), (event, name) => {
      if (name !== null && !stopped) happened(`${path}/${name}`, event);
    });
    // A folder that vanishes ends its watcher, and is no reason to end the servers.
    watcher.on("error", () => forget(path));
    watchers.set(path, watcher);
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) followIfThere(inside, isNew);
      else if (isNew) onFile(inside);
    }
  };
  const followIfThere = (path: string, isNew: boolean) => {
    try {
      follow(path, isNew);
    } catch {
      // Gone again meanwhile; when it comes back, the folder above tells.
      forget(path);
    }
  };
  const happened = (path: string, event: string) => {
    // Another folder may stand under the name now.
    if (event === "rename") forget(path);
    if (!isFolder(path)) onFile(path);
    else if (!watchers.has(path)) followIfThere(path, true);
  };

  follow(folder, false);
  return () => {
    stopped = true;
    forget(folder);
  };
}
