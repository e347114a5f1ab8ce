/** Fails when a type or class at a door of the engine has a word that the glossary does not know. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { everydayWords, exportedNames, glossaryFaults, readGlossary } from "./glossary.ts";

const engine = "src/engine";

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${engine}/${path}`, import.meta.url).href), "utf8");
}

const { exports: doors } = JSON.parse(read("package.json")) as { exports: Readonly<Record<string, string>> };
const names = Object.values(doors).flatMap((door) => {
  const found = exportedNames(`${engine}/${door.slice(2)}`, read(door));
  if (found.length === 0) throw new Error(`No type is exported by ${door}, which cannot be.`);
  return found;
});
const faults = glossaryFaults(names, readGlossary(read("GLOSSARY.md")), everydayWords);
for (const fault of faults) console.error(`✗ ${fault}`);
if (faults.length > 0) process.exitCode = 1;
else console.log(`✓ the glossary knows the words of ${names.length} names`);
