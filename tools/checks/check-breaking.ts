/** A step of `npm run check`: what breaks somebody, against the last release. */

import { readdir } from "node:fs/promises";
import { runBreaking } from "../../src/governance/breaking/run-breaking.ts";
import { root } from "../root.ts";

const folder = "schemas/fixtures/catalogue";

/** By the numbers in it: 0.10.0 is behind 0.9.0. */
const byNumbers = new Intl.Collator("en", { numeric: true }).compare;

const released = (await readdir(root + folder))
  .filter((name) => /^\d.*\.json$/.test(name))
  .toSorted(byNumbers);
const last = released.at(-1);
if (last === undefined) throw new Error(`${folder} has no released catalogue, so nothing can be compared.`);
const against = `${root}${folder}/${last}`;
const { text, note, failed } = await runBreaking({
  path: root,
  against,
  format: "human",
  failOn: "error",
  today: new Date().toISOString().slice(0, 10),
});
process.stdout.write(`${text}${note.replace(root, "")}\n`);
process.exitCode = failed ? 1 : 0;
