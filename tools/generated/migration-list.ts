import type { SqlMigration } from "@brain/engine/migrations";
import type { GeneratedFile } from "../../src/governance/pages/generated-file.ts";
import { readMigrationFolder } from "../../workers/local/migration-folder.ts";
import { root } from "../root.ts";

const numberText = (value: number) => value.toLocaleString("en-US").replaceAll(",", "_");

/** A template literal that stands for the text. */
const literal = (text: string) => `\`${text.replace(/[`\\]|\$\{/g, "\\$&")}\``;

/** As the formatter has it: on one line where that is short enough. */
function statementsText(statements: readonly string[]): string {
  const literals = statements.map(literal);
  const line = `statements: [${literals.join(", ")}]`;
  const isShort = !line.includes("\n") && line.length + "    ,".length <= 110;
  return isShort ? line : `statements: [\n${literals.map((text) => `      ${text},\n`).join("")}    ]`;
}

const listed = (migrations: readonly SqlMigration[], indent: string) =>
  migrations.map(({ tag, when }) => `${indent}{ tag: "${tag}", when: ${numberText(when)} },\n`).join("");

function engineList(migrations: readonly SqlMigration[]): string {
  return `import type { Migration } from "../core/schema-state.ts";

/** Generated from \`src/engine/migrations/\` by \`npm run generate\`. The migrations that the engine needs, the oldest first. */
export const migrations: readonly Migration[] = [
${listed(migrations, "  ")}];
`;
}

function engineStatements(migrations: readonly SqlMigration[]): string {
  const entries = migrations.map(
    ({ tag, when, hash, statements }) => `  {
    tag: "${tag}",
    when: ${numberText(when)},
    hash: "${hash}",
    ${statementsText(statements)},
  },
`,
  );
  return `import type { SqlMigration } from "./sql-migration.ts";

/** Generated from the SQL files of this folder by \`npm run generate\`, because a Worker cannot read them; the oldest first. */
export const migrations: readonly SqlMigration[] = [
${entries.join("")}];
`;
}

function productList(migrations: readonly SqlMigration[]): string {
  return `import type { MigrationSet } from "@brain/engine";

/** Generated from \`migrations/\` by \`npm run generate\`. The migrations that the modules need, noted where drizzle does. */
export const productMigrations: MigrationSet = {
  owner: null,
  journal: { schema: "drizzle", table: "__drizzle_migrations" },
  migrations: [
${listed(migrations, "    ")}  ],
};
`;
}

/** The migrations as code, because a bundle cannot read a folder: made from the files and journals of drizzle-kit. */
export async function generateMigrationLists(): Promise<readonly GeneratedFile[]> {
  const engine = await readMigrationFolder(`${root}src/engine/migrations`);
  const product = await readMigrationFolder(`${root}migrations`);
  return [
    { path: "src/engine/db/migration-list.ts", content: engineList(engine), problem: null },
    { path: "src/engine/migrations/list.ts", content: engineStatements(engine), problem: null },
    { path: "src/migration-list.ts", content: productList(product), problem: null },
  ];
}
