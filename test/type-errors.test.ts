import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Question, typeErrorsOf } from "./type-errors.ts";

let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "brain-types-")));
  await mkdir(join(folder, "lib"));
  await writeFile(join(folder, "lib/imported.ts"), "export const one: string = 1;\n");
  await writeFile(
    join(folder, "asked.ts"),
    'import { one } from "./lib/imported.ts";\nexport const two: number = one;\n',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What is found with these files and settings, without the texts behind the codes. */
async function found(config: object, question: Partial<Question> = {}): Promise<string[]> {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    types: [],
    lib: ["ES5"],
    allowImportingTsExtensions: true,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, ...config }));
  const text = await typeErrorsOf({ folder, config: "tsconfig.json", ...question });
  return [...text.matchAll(/^(?:(\S+)\(\d+,\d+\): )?error (TS\d+)/gm)].map(
    ([, path = "", code]) => `${path} ${code}`,
  );
}

const asked = "asked.ts TS2322";
const imported = "lib/imported.ts TS2322";

test("errors of a file are found, and not those of what it imports, unless these are asked for", async () => {
  const files = ["asked.ts"];
  expect(await found({ files })).toEqual([asked]);
  expect(await found({ files }, { also: ["lib/"] })).toEqual([asked, imported]);
  expect(await found({ include: ["."] })).toEqual(expect.arrayContaining([asked, imported]));
});

test("settings and files that are not right are errors, and so is to ask for none", async () => {
  expect(await found({ files: ["missing.ts"] })).toEqual([" TS6053"]);
  expect(await found({ files: ["asked.ts"], extends: "./missing.json" })).toContain(" TS5083");
  await expect(found({ files: ["asked.ts"] }, { also: ["nowhere/"] })).rejects.toThrow(
    "begins with nowhere/",
  );
});
