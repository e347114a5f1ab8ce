import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { settingNames } from "../../src/config.ts";

const read = (path: string) => readFile(path, "utf8");

/** The secrets that an environment of wrangler.toml requires. */
async function requiredOf(environment: string): Promise<string[]> {
  const [, list = ""] =
    new RegExp(`\\[env\\.${environment}\\.secrets\\]\\nrequired = \\[([^\\]]*)\\]`).exec(
      await read("wrangler.toml"),
    ) ?? [];
  return [...list.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
}

test("both workers require the same secrets, all of which are settings and stand in the example", async () => {
  const [api, consumer, example] = await Promise.all([
    requiredOf("api"),
    requiredOf("consumer"),
    read(".dev.vars.example"),
  ]);
  expect(api).toContain("BRAIN_SECRETS_KEY");
  expect(consumer).toEqual(api);
  const given = [...example.matchAll(/^(\w+)=$/gm)].map(([, name]) => name);
  expect(given).toEqual(api);
  const optional = [...example.matchAll(/^# (\w+)=$/gm)].map(([, name = ""]) => name);
  expect(optional.length).toBeGreaterThan(3);
  for (const name of [...api, ...optional]) expect(settingNames).toContain(name);
});

test("the example holds no values, and its copy is ignored by git", async () => {
  expect(await read(".dev.vars.example")).not.toMatch(/^#? ?\w+=./m);
  expect((await read(".gitignore")).split("\n")).toContain(".dev.vars");
});
