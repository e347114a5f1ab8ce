import { defineConfig } from "drizzle-kit";

/** The engine's tables. */
export default defineConfig({
  dialect: "postgresql",
  schema: ["./src/engine/db/tables.ts", "./src/engine/db/operation-tables.ts"],
  out: "./src/engine/migrations",
  migrations: { schema: "brain_engine", table: "migrations" },
});
