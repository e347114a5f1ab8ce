import { migrateCommand } from "@brain/engine/migrations";
import { readMigrations } from "./migrations.ts";

/* npm run migrate: makes the engine's tables and those of the modules, and changes them later; -- --status says what is missing. */

process.exitCode = await migrateCommand(process.argv.slice(2), process.env, [await readMigrations()]);
