import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { root } from "./bundle.ts";
import { sayingNames } from "./bundle-plugins.ts";

/** As it stands in any source of ours, however it is written. */
const errorClass = /\bclass (\w+)[^{]*\bextends (?:\w*Error|RetryAfter)\b/g;

test("every class of errors that runs in a worker says its name, whatever a bundle calls it", async () => {
  const names = (await Promise.all(["schemas", "src"].map((folder) => filesOf(folder)))).flat();
  const classes: string[] = [];
  for (const name of names) {
    const source = await readFile(root + name, "utf8");
    const said = sayingNames(source);
    for (const [, error = ""] of source.matchAll(errorClass)) {
      classes.push(error);
      expect(said, `${name}: class ${error}`).toContain(
        `static { Object.defineProperty(this, "name", { value: "${error}" }); }`,
      );
    }
    expect(said.split("\n")).toHaveLength(source.split("\n").length);
  }
  expect(classes).toContain("FencedError");
  expect(classes).toContain("CharterError");
});

async function filesOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(root + folder, { recursive: true });
  return names
    .filter(
      (name) => name.endsWith(".ts") && !/\.test\.ts$|^(?:cli|governance|demo)\/|^engine\/testing/.test(name),
    )
    .map((name) => `${folder}/${name}`);
}
