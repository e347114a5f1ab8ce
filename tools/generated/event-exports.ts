/** Under which name, and behind which door of `@brain/schemas`, an event is imported. */

import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as schemas from "@brain/schemas";
import type { EventExport } from "../../src/governance/pages/module-pages.ts";

const folder = new URL("../../schemas/events/", import.meta.url);

/** Of every value that the package exports; the door of all before that of one file. */
export async function readEventExports(): Promise<ReadonlyMap<unknown, EventExport>> {
  const found = new Map<unknown, EventExport>();
  const add = (door: string, exported: object) => {
    for (const [name, value] of Object.entries(exported))
      if (!found.has(value)) found.set(value, { name, door });
  };
  add("@brain/schemas", schemas);
  for (const file of (await readdir(fileURLToPath(folder.href))).sort()) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    add(`@brain/schemas/events/${file.slice(0, -3)}`, (await import(new URL(file, folder).href)) as object);
  }
  return found;
}
