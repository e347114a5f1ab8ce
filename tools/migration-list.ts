import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { GeneratedFile } from "./generated-file.ts";

interface Journal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
}

/** The migrations as code, because a bundle cannot read the folder: one list, made from the journal of the migrator. */
export async function generateMigrationList(): Promise<readonly GeneratedFile[]> {
  const journal = fileURLToPath(new URL("../migrations/meta/_journal.json", import.meta.url).href);
  const { entries } = JSON.parse(await readFile(journal, "utf8")) as Journal;
  const rows = entries.map(
    ({ tag, when }) => `  { tag: "${tag}", when: ${when.toLocaleString("en-US").replaceAll(",", "_")} },`,
  );
  const content = `import type { Migration } from "../core/schema-state.ts";

/** Generated from \`migrations/\` by \`npm run generate\`. The migrations that this code needs, the oldest first. */
export const migrations: readonly Migration[] = [
${rows.join("\n")}
];
`;
  return [{ path: "src/engine/db/migration-list.ts", content, problem: null }];
}
