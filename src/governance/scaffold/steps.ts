import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "./layout.ts";
import type { Plan, PlannedFile } from "./write/plan.ts";

/** What is made of the written files by programs of the project: the migration, the form, the generated documents. */
export function stepsBehind(
  layout: Layout,
  files: readonly PlannedFile[],
  migration: string | null,
): Pick<Plan, "steps" | "notes"> {
  const { kind, root } = layout;
  if (kind === "product") {
    const formatted = files.map(({ path }) => path).filter((path) => !path.endsWith(".md"));
    return {
      steps: [
        ...(migration === null
          ? []
          : [
              {
                what: "the migration",
                command: ["node", "tools/generate-migrations.ts", "--name", migration] as const,
              },
            ]),
        {
          what: "the layout of the code",
          command: ["biome", "check", "--write", "--error-on-warnings", "--vcs-enabled=false", ...formatted],
        },
        { what: "the generated files", command: ["node", "tools/generate.ts"] },
      ],
      notes: [],
    };
  }
  if (migration === null) return { steps: [], notes: [] };
  // It adds what drizzle-kit does not know. A project that was begun before has none.
  const own = "src/make-migration.ts";
  const hasOwn = existsSync(join(root, own));
  const generate = hasOwn
    ? (["node", own, "--name", migration] as const)
    : (["drizzle-kit", "generate", "--name", migration] as const);
  return existsSync(join(root, "node_modules/.bin/drizzle-kit"))
    ? { steps: [{ what: "the migration", command: generate }], notes: [] }
    : {
        steps: [],
        notes: [
          `Make the migration when the packages are installed: ${hasOwn ? `npm run db:generate -- --name ${migration}` : `npx ${generate.join(" ")}`}`,
        ],
      };
}
