/** 11.1 in all forms in which TypeScript imports. */

import { describe, expect, test } from "vitest";
import { checkProject } from "../../check/check.ts";
import { projectOf } from "../../project.ts";
import { rules } from "../index.ts";

const definition = (name: string) =>
  `import { defineModule } from "@brain/engine";\nexport const m = defineModule({ name: "${name}", events: [] });\n`;

const common = {
  "package.json": JSON.stringify({
    name: "shop",
    imports: { "#modules/*": { types: "./src/modules/*.ts", default: "./dist/modules/*.js" } },
    exports: { "./pay": "./src/modules/payment/service.ts", "./own": "./src/modules/desk/own.ts" },
  }),
  "tsconfig.json": `{ // as TypeScript reads it
  "compilerOptions": { "baseUrl": "src", "paths": { "@/*": ["./modules/*"] }, }
}`,
  "src/modules/desk/index.ts": definition("desk"),
  "src/modules/desk/own.ts": "export const own = 1;",
  "src/modules/payment/index.ts": definition("payment"),
  "src/modules/payment/service.ts": "export const pay = () => 1;\nexport type Pay = typeof pay;",
  "src/lib/all.ts": 'export * from "../modules/payment/service.ts";\nexport const plain = 1;',
  "src/lib/named.ts": 'export { pay as settle } from "../modules/payment/service.ts";',
  "src/lib/twice.ts": 'export * from "./all.ts";',
};

function found(code: string): readonly string[] {
  const all = Object.entries({ ...common, "src/modules/desk/service.ts": code });
  const project = projectOf({
    root: "/",
    workspaces: [{ name: "shop", folder: "" }],
    paths: new Set(all.map(([path]) => path)),
    files: new Map(all.map(([path, text]) => [path, { path, text }])),
  });
  const chosen = rules.filter(({ id }) => id === "11.1");
  return checkProject(project, chosen, "2026-11-27").findings.map(({ file, line }) => `${file}:${line}`);
}

describe("another module's code is found", () => {
  test.each([
    ["by its path", 'import { pay } from "../payment/service.ts";'],
    ["by its type", 'import type { Pay } from "../payment/service.ts";'],
    ["for what it does", 'import "../payment/service.ts";'],
    ["passed on", 'export * from "../payment/service.ts";'],
    ["when it runs", 'const { pay } = await import("../payment/service.ts");'],
    ["by require", 'const { pay } = require("../payment/service.ts");'],
    ["as the type of an import", 'type Pay = typeof import("../payment/service.ts");'],
    ["as a type of an import", 'type Pay = import("../payment/service.ts").Pay;'],
    ["by a name of package.json", 'import { pay } from "#modules/payment/service";'],
    ["by a path of tsconfig.json", 'import { pay } from "@/payment/service.ts";'],
    ["by the project's own door", 'import { pay } from "shop/pay";'],
    ["through a file of no module", 'import { pay } from "../../lib/all.ts";'],
    ["through one under another name", 'import { settle } from "../../lib/named.ts";'],
    ["through two of them", 'import { pay } from "../../lib/twice.ts";'],
    ["through all of one", 'import * as lib from "../../lib/all.ts";'],
    ["by a require of its own", "const load = createRequire(import.meta.url);"],
    ["by a pattern", 'const all = import.meta.glob("../*/service.ts");'],
  ])("%s", (_how, code) => {
    expect(found(code)).toEqual(["src/modules/desk/service.ts:1"]);
  });
});

describe("what is its own, or of no module, is not", () => {
  test.each([
    ["a file of its own", 'import { own } from "./own.ts";'],
    ["its own by a path of tsconfig.json", 'import { own } from "@/desk/own.ts";'],
    ["its own by the project's door", 'import { own } from "shop/own";'],
    ["another name of a file that passes some on", 'import { plain } from "../../lib/all.ts";'],
    ["a package", 'import { z } from "zod";'],
    ["the type of a package", 'type Z = typeof import("zod");'],
    ["a name that leads nowhere", 'import { a } from "#other/a";'],
  ])("%s", (_how, code) => {
    expect(found(code)).toEqual([]);
  });
});
