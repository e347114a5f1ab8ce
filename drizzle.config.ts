import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: ["./src/db/tables.ts", "./src/db/operation-tables.ts", "./src/modules/**/tables.ts"],
  out: "./migrations",
});
