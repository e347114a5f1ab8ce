import { migrate } from "@brain/engine/migrations";
import { readMigrations } from "./migrations.ts";

/* NEON_DATABASE_URL=… npm run migrate: makes the engine's tables and those of the modules, and changes them later. */

const { NEON_DATABASE_URL: databaseUrl = "" } = process.env;
const applied = await migrate({ databaseUrl, also: [await readMigrations()] });
console.log(applied.length === 0 ? "nothing to do" : applied.join("\n"));
