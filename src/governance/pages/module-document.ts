/** README.md and EVENTS.md of a module that has none yet: the headings that each has, and the parts that are generated. */

import { readFile } from "node:fs/promises";
import { documentWords } from "../scaffold/documents.ts";

/** Stands alone in a line where an author has yet to write. */
const unwritten = "?";

const markers = (name: string) => [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`];

function head(title: string): readonly string[] {
  return [`# ${title}`, "**Version:** 1.0.0", `**Owner:**\n${unwritten}`, `**Last Updated:**\n${unwritten}`];
}

/** The names of variables in the first cells of a table's rows. */
function namesIn(table: string): readonly string[] {
  const cells = [...table.matchAll(/^\| (`[A-Z][^|]*)\|/gm)].map(([, cell = ""]) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
}

/**
 * The variables that no table explains: neither one in `shared`, nor one under the heading "Settings" of the module's
 * README.md.
 */
export function unexplained(variables: readonly string[], shared: string, readme: string): readonly string[] {
  const own = readme.split(/^(?=## )/m).find((part) => part.startsWith("## Settings\n")) ?? "";
  const known = new Set([...namesIn(shared), ...namesIn(own)]);
  return variables.filter((name) => !known.has(name));
}

function settingsPart(variables: readonly string[]): readonly string[] {
  if (variables.length === 0) return [];
  const rows = variables.map((name) => `| \`${name}\` | ${unwritten} | ${unwritten} |`);
  return ["## Settings", ["| variable | default | meaning |", "|---|---|---|", ...rows].join("\n")];
}

function newReadme(module: string, variables: readonly string[]): string {
  const { purpose, operations } = documentWords.en;
  const parts = [
    ...head(`Module: ${module}`),
    `## ${purpose}\n\n${unwritten}`,
    "## Events Published",
    ...markers("published"),
    "## Events Consumed",
    ...markers("consumed"),
    ...settingsPart(variables),
    `## Dependencies\n\n${unwritten}`,
    `## ${operations}\n\n### Startup\n\n${unwritten}\n\n### Monitoring\n\n${unwritten}\n\n### Troubleshooting\n\n${unwritten}`,
    `## Migration Notes\n\n${unwritten}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function newEvents(module: string): string {
  return `${[...head(`Events of ${module}`), ...markers("events")].join("\n\n")}\n`;
}

/**
 * The document as it is, or a new one to be completed.
 *
 * @param path of a README.md or an EVENTS.md
 * @param variables of the environment, to be explained in a README.md
 */
export async function readModuleDocument(
  path: string,
  module: string,
  variables: readonly string[] = [],
): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return path.endsWith("EVENTS.md") ? newEvents(module) : newReadme(module, variables);
  }
}

/** A line, or a cell of a table. */
const isOpen = (line: string) => line === unwritten || line.includes(`| ${unwritten} |`);

/** What an author has not written yet; null: nothing is missing. */
export function unwrittenParts(text: string): string | null {
  const lines = text.split("\n");
  const open = lines.flatMap((line, index) => (isOpen(line) ? [index + 1] : []));
  return open.length === 0
    ? null
    : `A part is not written yet. Write it instead of the "${unwritten}" in line ${open.join(", ")}.`;
}
