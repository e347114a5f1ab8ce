/** What a module may not do with another one: import it, call it, wait for it. */

import { moduleIn } from "../../tree/python/modules.ts";
import type { Check } from "../rule.ts";

/** Shapes of data are shared: `schemas.py` of a module is what others may read. */
const sharedParts = new Set(["schemas"]);

const importsOfOthers: Check = ({ python: { modules, names } }, report) => {
  for (const module of modules) {
    for (const file of module.files) {
      for (const { module: imported, name, part } of names.importsOf(file)) {
        const target = moduleIn(name === null ? imported : `${imported}.${name}`);
        if (target === null || target.name === module.name) continue;
        if (!modules.some(({ name: known }) => known === target.name) && target.rest === "") continue;
        if (sharedParts.has(target.rest.split(".")[0] ?? "")) continue;
        report({
          at: part,
          message: `${module.name} imports "${name === null ? imported : `${imported}.${name}`}", which is code of the module ${target.name}.`,
        });
      }
    }
  }
};

export const pythonCalls: Readonly<Record<string, Check>> = { "11.1": importsOfOthers };
