import type { Project } from "../project.ts";
import type { Report, Rule } from "./rule.ts";

/** The anti-patterns of the migration guide. */
export const antiPatterns: readonly Rule[] = [
  {
    id: "11.1",
    title: "A module does not import another one",
    severity: "error",
    why: "Who imports another module's code runs with it and fails with it; events let both change and fail alone.",
    mend: "React to an event of the other module, or ask it through a port.",
    caughtBy: ["import rules"],
    check: importsOfOthers,
  },
];

function importsOfOthers(
  { typescript: { bindings, modules, moduleOf, source } }: Project,
  report: (found: Report) => void,
): void {
  for (const module of modules) {
    for (const file of module.files) {
      for (const { file: target, node, specifier } of bindings.importsOf(source(file).path)) {
        const other = target === null ? null : moduleOf(target);
        if (other === null || other.folder === module.folder) continue;
        report({
          at: node,
          message: `${module.name} imports "${specifier}", which is code of the module ${other.name}.`,
        });
      }
    }
  }
}
