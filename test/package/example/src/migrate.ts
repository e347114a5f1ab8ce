import { migrate } from "@brain/engine/migrations";
import { readShopMigrations } from "./migrations.ts";

/* NEON_DATABASE_URL=… node src/migrate.ts: makes the engine's tables and the shop's, and changes them later. */

const { NEON_DATABASE_URL: databaseUrl = "" } = process.env;
const applied = await migrate({ databaseUrl, also: [await readShopMigrations()] });
console.log(applied.length === 0 ? "nothing to do" : applied.join("\n"));
