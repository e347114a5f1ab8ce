import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: ["./src/engine/db/tables.ts", "./src/engine/db/operation-tables.ts", "./src/modules/**/tables.ts"],
  out: "./migrations",
});
