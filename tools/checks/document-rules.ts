/** What the documents of the project must not be: too long at the front door, untested, or pointing at nothing. */

import { dirname, posix } from "node:path";
import type { Block, Document } from "./documents.ts";

/** A newcomer reads it in five minutes; what is longer stands in the rooms that it names. */
const readmeMaxBytes = 12_000;

/**
 * What becomes of the blocks of each language; null: they are in order. A language that is not here is refused, so that
 * no document is untested by accident.
 */
const blockRules: Readonly<Record<string, (block: Block) => string | null>> = {
  // Run and compared with its answers: test/readme/tour.test.ts.
  console: () => null,
  // Compiled, and its tests run: test/readme/examples.long.test.ts.
  ts: ({ text }) =>
    /^\/\/ \S+\.ts\n/.test(text) ? null : "an example begins with the path of its file, as `// src/….ts`",
  json: ({ text }) => jsonFault(text),
  // Its programs, scripts and files are looked up: test/readme/commands.test.ts.
  sh: () => null,
  // Run in Postgres: test/readme/sql.test.ts.
  sql: () => null,
  // GitHub draws it. The states that a comment names are compared with the code: test/readme/lists.test.ts.
  mermaid: ({ text }) => diagramFault(text),
  // Not tested: a drawing, or what a program prints.
  text: () => null,
};

/** What a line of a diagram may be, by kind of diagram: the little of Mermaid's grammar that the documents need. */
const diagramLines: Readonly<Record<string, RegExp>> = {
  "stateDiagram-v2": /^(?:\[\*\]|\w+) --> (?:\[\*\]|\w+)(?:: [^;#:"]+)?$/,
  sequenceDiagram: /^(?:participant \w+ as [\w ]+|\w+--?>>\w+: [^;#:"]+)$/,
};

/** A diagram that Mermaid cannot read is shown as an error, and only there. */
function diagramFault(text: string): string | null {
  const [kind = "", ...lines] = text.trimEnd().split("\n");
  const shape = Object.hasOwn(diagramLines, kind) ? diagramLines[kind] : undefined;
  if (shape === undefined)
    return `the diagram is a "${kind}"; known are ${Object.keys(diagramLines).join(", ")}`;
  const bad = lines.map((line) => line.trim()).find((line) => !line.startsWith("%% ") && !shape.test(line));
  return bad === undefined ? null : `the ${kind} has the line "${bad}", which may be no Mermaid`;
}

function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `the JSON cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Names that look like files of the project, as `drain.ts` or `src/engine/`. */
const looksLikeFile = /^(?!\/)(?:[\w@-][\w.@-]*\/)*[\w@-][\w.@-]*\.(?:tsx?|mjs|md|sql|toml|json)$/;
const looksLikeFolder = /^(?!\/)(?:[\w@-][\w.@-]*\/)+$/;

/** Of released versions, so what it names may be gone. */
const isHistory = (path: string) => path === "CHANGELOG.md";

/** Each fault in one line with its place. @param files every file of the project, by path from the root */
export function faultsOf(documents: readonly Document[], files: readonly string[]): readonly string[] {
  const byPath = new Map(documents.map((document) => [document.path, document]));
  // Files that the reader writes, as the examples say.
  const examples = documents.flatMap(({ blocks }) =>
    blocks.flatMap(({ language, text }) =>
      language === "ts" ? (/^\/\/ (\S+)\n/.exec(text)?.[1] ?? []) : [],
    ),
  );
  const places = placesOf([...files, ...examples]);
  return documents.flatMap((document) => {
    const { path, text, blocks, links, names } = document;
    const size = Buffer.byteLength(text);
    return [
      ...(path === "README.md" && size > readmeMaxBytes
        ? [
            `${path} has ${size} bytes, at most ${readmeMaxBytes} are read. Move what is special into its room.`,
          ]
        : []),
      ...blocks.flatMap((block) => {
        const fault = block.isGenerated ? null : blockFault(block);
        return fault === null ? [] : [`${path}:${block.line}: ${fault}`];
      }),
      ...links.flatMap(({ text: link, line }) => {
        const fault = linkFault(document, link, byPath, places);
        return fault === null ? [] : [`${path}:${line}: ${fault}`];
      }),
      ...names.flatMap(({ text: name, line }) =>
        isHistory(path) || isNamed(path, name, places)
          ? []
          : [`${path}:${line}: \`${name}\` looks like a file of the project, and there is none.`],
      ),
    ];
  });
}

function blockFault(block: Block): string | null {
  const rule = Object.hasOwn(blockRules, block.language) ? blockRules[block.language] : undefined;
  if (rule !== undefined) return rule(block);
  const known = Object.keys(blockRules).join(", ");
  return `the block has the language "${block.language}", which nothing tests. Take one of ${known}, or add a rule.`;
}

/** Files and the folders they stand in, these with a slash at the end. */
function placesOf(files: readonly string[]): ReadonlySet<string> {
  const places = new Set(files);
  for (const file of files) {
    for (let folder = dirname(file); folder !== "."; folder = dirname(folder)) places.add(`${folder}/`);
  }
  return places;
}

function linkFault(
  from: Document,
  link: string,
  byPath: ReadonlyMap<string, Document>,
  places: ReadonlySet<string>,
): string | null {
  if (/^[a-z]+:/.test(link)) return null;
  const [file = "", anchor] = decodeURI(link).split("#");
  const path = file === "" ? from.path : posix.join(dirname(from.path), file);
  if (!places.has(path) && !places.has(`${path}/`))
    return `the link ${link} leads nowhere: there is no ${path}.`;
  if (anchor === undefined) return null;
  const target = byPath.get(path);
  if (target?.anchors.has(anchor)) return null;
  return `the link ${link} leads nowhere: ${path} has no heading for #${anchor}.`;
}

/** Files of programs that came before this one, and of those that use it. */
const ofOthers: ReadonlySet<string> = new Set([
  "data/events.json",
  "charter-baseline.json",
  "charter-breaking.json",
]);

/**
 * True for what is no name of a file, and for what is there: from the root, or below the folder of the document. A test
 * may be named alone, and so may a kind of file that several folders have, as `index.ts`.
 */
function isNamed(path: string, name: string, places: ReadonlySet<string>): boolean {
  if (!looksLikeFile.test(name) && !looksLikeFolder.test(name)) return true;
  if (places.has(name) || ofOthers.has(name)) return true;
  const found = [...places].filter((place) => place.endsWith(`/${name}`));
  const folder = dirname(path);
  if (found.some((place) => place.startsWith(`${folder}/`))) return true;
  return !name.includes("/") && (found.length > 1 || (found.length === 1 && name.endsWith(".test.ts")));
}
