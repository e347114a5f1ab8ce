import { defineConfig } from "drizzle-kit";

/** The product's tables. */
export default defineConfig({
  dialect: "postgresql",
  schema: ["./src/modules/**/tables.ts"],
  out: "./migrations",
});
