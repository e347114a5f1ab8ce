import type { Project } from "../project.ts";
import type { TypeScriptModule } from "../tree/product/modules.ts";
import { type Nodes, nodesOf } from "../tree/syntax/nodes.ts";
import { charterPackages } from "../tree/workspaces.ts";

/** A file that a rule looks at. */
export interface Looked {
  readonly file: string;
  readonly text: string;
  readonly nodes: Nodes;
  /** Null: it stands in no module. */
  readonly module: TypeScriptModule | null;
}

/**
 * Sources of the product whose text has something of it; parsed when their nodes are looked at. The packages of the charter are
 * what the rules lead to, and are not judged.
 */
export function* sourcesWith(project: Project, pattern: RegExp): Generator<Looked> {
  const { files, typescript } = project;
  const own = charterPackages(files.workspaces);
  for (const file of typescript.files) {
    if (own.some(({ folder }) => file.startsWith(`${folder}/`))) continue;
    const text = files.files.get(file)?.text ?? "";
    if (!pattern.test(text)) continue;
    yield {
      file,
      text,
      get nodes() {
        return nodesOf(typescript.source(file).ast);
      },
      module: typescript.moduleOf(file),
    };
  }
}

export type ModuleLooked = Looked & { readonly module: TypeScriptModule };

/** The same, of modules alone. */
export function* moduleSourcesWith(project: Project, pattern: RegExp): Generator<ModuleLooked> {
  for (const looked of sourcesWith(project, pattern)) {
    const { file, text, module } = looked;
    if (module === null) continue;
    yield {
      file,
      text,
      get nodes() {
        return looked.nodes;
      },
      module,
    };
  }
}
