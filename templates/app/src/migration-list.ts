import type { MigrationSet } from "@brain/engine";
import journal from "../migrations/meta/_journal.json" with { type: "json" };

/* The names of the migrations, without files: a Worker has none. While the database lacks one, health says which. */

export const migrationList = {
  owner: "sample-shop",
  journal: { schema: "drizzle", table: "__drizzle_migrations" },
  migrations: journal.entries,
} satisfies MigrationSet;
