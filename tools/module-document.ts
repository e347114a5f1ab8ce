/** README.md and EVENTS.md of a module that has none yet: the headings that each has, and the parts that are generated. */

import { readFile } from "node:fs/promises";

/** Stands alone in a line where an author has yet to write. */
const unwritten = "?";

const markers = (name: string) => [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`];

function head(title: string): readonly string[] {
  return [`# ${title}`, "**Version:** 1.0.0", `**Owner:**\n${unwritten}`, `**Last Updated:**\n${unwritten}`];
}

function newReadme(module: string): string {
  const parts = [
    ...head(`Module: ${module}`),
    `## Zweck\n\n${unwritten}`,
    "## Events Published",
    ...markers("published"),
    "## Events Consumed",
    ...markers("consumed"),
    `## Dependencies\n\n${unwritten}`,
    `## Betriebs-Hinweise\n\n### Startup\n\n${unwritten}\n\n### Monitoring\n\n${unwritten}\n\n### Troubleshooting\n\n${unwritten}`,
    `## Migration Notes\n\n${unwritten}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function newEvents(module: string): string {
  return `${[...head(`Events of ${module}`), ...markers("events")].join("\n\n")}\n`;
}

/** The document as it is, or a new one to be completed. @param path of a README.md or an EVENTS.md */
export async function readModuleDocument(path: string, module: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return path.endsWith("EVENTS.md") ? newEvents(module) : newReadme(module);
  }
}

/** What an author has not written yet; null: nothing is missing. */
export function unwrittenParts(text: string): string | null {
  const lines = text.split("\n");
  const open = lines.flatMap((line, index) => (line === unwritten ? [index + 1] : []));
  return open.length === 0
    ? null
    : `A part is not written yet. Write it instead of the "${unwritten}" in line ${open.join(", ")}.`;
}
