import { readJson } from "@brain/schemas";
import * as z from "zod";

/** The text of a setting that is a list in JSON, read; what may stand in it, the schema behind says. */
export const jsonListSetting = z.string().transform((text, context): unknown => {
  const read = readJson(text);
  if (read.ok) return read.value;
  const [{ message }] = read.faults;
  context.addIssue({ code: "custom", message: `expected a list in JSON: ${message}` });
  return z.NEVER;
});
