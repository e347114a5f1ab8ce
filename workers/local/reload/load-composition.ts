/**
 * A program that puts events and modules of the source together, and says where it fails. It imports nothing that they
 * are made of before that, because it would fail there. Its only argument is the folder of the project.
 */

import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { keepResolutions } from "../../../src/governance/files/kept-resolution.ts";

/** Places of a stack that are told. */
const maxPlaces = 6;

/** The message, and the places in the source of this project. */
function describe(error: unknown, folder: string): string {
  if (!(error instanceof Error)) return String(error);
  // What does not load at all is named by its line alone, above the message.
  const places = [...(error.stack ?? "").matchAll(/(file:\/\/\/[^\s)]+?)(:\d+(?::\d+)?)(?=[\s)])/g)]
    .map(([, url = "", place]) => `${relative(folder, fileURLToPath(url))}${place}`)
    .filter((place) => !place.startsWith("..") && !place.includes("node_modules"));
  const lines = places.slice(0, maxPlaces).map((place) => `  at ${place}`);
  return [`${error.name}: ${error.message}`, ...lines].join("\n");
}

// It runs at each save.
keepResolutions();
const [, , folder = process.cwd()] = process.argv;
await import(pathToFileURL(`${folder}/src/composition.ts`).href).catch((error: unknown) => {
  process.stderr.write(`${describe(error, folder)}\n`);
  process.exitCode = 1;
});
