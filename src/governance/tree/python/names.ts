/** What a name in a file of Python means, followed through imports. */

import type { DottedNames } from "./modules.ts";
import {
  calledName,
  dottedName,
  field,
  functionAround,
  nameOf,
  type PyNode,
  type PySource,
  parametersOf,
  positional,
  stringOf,
  textOf,
} from "./nodes.ts";

export interface PyImport {
  /** The statement, or the call of `import_module`. */
  readonly node: PyNode;
  /** What is imported, absolute: `backend.modules.payment.service`. */
  readonly module: string;
  /** What of it; null: the module itself, or everything. */
  readonly name: string | null;
  /** Under which name; null: under none. */
  readonly as: string | null;
  /** The part of the statement that is about it. */
  readonly part: PyNode;
}

/** Where a name comes from. */
export interface PyOrigin {
  /** Absolute. */
  readonly module: string;
  /** Null: the module itself. */
  readonly name: string | null;
  /** Null: it is none of the project. */
  readonly file: string | null;
  /** The class or function, or the value that is assigned. */
  readonly definition: PyNode | null;
}

export interface PyNames {
  importsOf(file: string): readonly PyImport[];
  /** Null: a local name, or none that an import or definition explains. */
  originOf(node: PyNode): PyOrigin | null;
}

const maxHops = 6;

export function readNames(names: DottedNames, source: (file: string) => PySource): PyNames {
  const imports = new Map<string, readonly PyImport[]>();
  const importsOf = (file: string) => {
    const known = imports.get(file) ?? readImports(source(file), names);
    imports.set(file, known);
    return known;
  };
  const definitions = new Map<string, ReadonlyMap<string, PyNode>>();
  const definitionsOf = (file: string) => {
    const known = definitions.get(file) ?? readDefinitions(source(file).root);
    definitions.set(file, known);
    return known;
  };

  const inModule = (module: string, name: string | null, hops: number): PyOrigin => {
    const file = names.fileOf(module);
    if (name === null || file === null || hops > maxHops)
      return { module, name, file: name === null ? file : null, definition: null };
    const definition = definitionsOf(file).get(name);
    if (definition !== undefined) return { module, name, file, definition };
    const imported = importsOf(file).find(({ as }) => as === name);
    if (imported !== undefined) return inModule(imported.module, imported.name, hops + 1);
    const below = `${module}.${name}`;
    return names.fileOf(below) === null
      ? { module, name, file: null, definition: null }
      : { module: below, name: null, file: names.fileOf(below), definition: null };
  };

  const ofName = (file: string, name: string): PyOrigin | null => {
    const imported = importsOf(file).find(({ as }) => as === name);
    if (imported !== undefined) return inModule(imported.module, imported.name, 0);
    const definition = definitionsOf(file).get(name);
    return definition === undefined ? null : { module: "", name, file, definition };
  };

  const originOf = (node: PyNode): PyOrigin | null => {
    const dotted = dottedName(node);
    if (dotted === null) return null;
    const [first = "", ...rest] = dotted.split(".");
    if (isLocal(node, first)) return null;
    let origin = ofName(node.file, first);
    // `import a.b.c` gives the name `a`, which stands for all three.
    const whole = importsOf(node.file).find(
      ({ name, as, module }) => name === null && as === first && module.startsWith(`${first}.`),
    );
    if (whole !== undefined && dotted.startsWith(`${whole.module}.`))
      return inModule(whole.module, dotted.slice(whole.module.length + 1), 0);
    for (const [index, name] of rest.entries()) {
      if (origin === null) return null;
      if (origin.name !== null) return index === rest.length ? origin : null;
      origin = inModule(origin.module, name, 0);
    }
    return origin;
  };
  return { importsOf, originOf };
}

/** A parameter or a variable of the functions around hides what is imported under its name. */
function isLocal(node: PyNode, name: string): boolean {
  for (let at = functionAround(node); at !== null; at = functionAround(at))
    if (localsOf(at).has(name)) return true;
  return false;
}

const isolateLocals = new WeakMap<PySource, ReadonlyMap<PyNode, ReadonlyMap<string, readonly PyNode[]>>>();

/** Names that a function gives values to, with the values; without values for its parameters. */
export function localsOf(definition: PyNode): ReadonlyMap<string, readonly PyNode[]> {
  const { source } = definition;
  const known = isolateLocals.get(source) ?? readLocals(source);
  isolateLocals.set(source, known);
  return known.get(definition) ?? new Map();
}

function readLocals(source: PySource): ReadonlyMap<PyNode, ReadonlyMap<string, readonly PyNode[]>> {
  const found = new Map<PyNode, Map<string, PyNode[]>>();
  for (const definition of source.of("function_definition"))
    found.set(definition, new Map(parametersOf(definition).map(({ name }) => [name, []])));
  const add = (at: PyNode, left: PyNode | null, right: PyNode | null) => {
    const within = functionAround(at);
    const locals = within === null ? undefined : found.get(within);
    if (locals === undefined || left?.type !== "identifier") return;
    const values = locals.get(textOf(left)) ?? [];
    locals.set(textOf(left), right === null ? values : [...values, right]);
  };
  for (const node of source.of("assignment")) add(node, field(node, "left"), field(node, "right"));
  for (const node of source.of("named_expression")) add(node, field(node, "name"), field(node, "value"));
  return found;
}

/** Classes, functions and values at the top of a file. */
function readDefinitions(root: PyNode): ReadonlyMap<string, PyNode> {
  const found = new Map<string, PyNode>();
  const read = (node: PyNode): void => {
    if (node.type === "class_definition" || node.type === "function_definition")
      found.set(nameOf(node), node);
    else if (node.type === "assignment") {
      const left = field(node, "left");
      const right = field(node, "right");
      if (left?.type === "identifier" && right !== null) found.set(textOf(left), right);
    } else if (topStatements.has(node.type)) for (const child of node.children) read(child);
  };
  for (const child of root.children) read(child);
  return found;
}

/** What stands at the top of a file also within these. */
const topStatements = new Set([
  "decorated_definition",
  "expression_statement",
  "if_statement",
  "else_clause",
  "try_statement",
  "except_clause",
  "block",
]);

function readImports(source: PySource, names: DottedNames): readonly PyImport[] {
  const found: PyImport[] = [];
  for (const node of source.of("import_statement")) {
    for (const part of node.children) {
      const name = part.type === "aliased_import" ? field(part, "name") : part;
      if (name === null || name.type !== "dotted_name") continue;
      const module = textOf(name);
      const alias = field(part, "alias");
      const as = alias === null ? (module.split(".")[0] ?? module) : textOf(alias);
      found.push({ node, module, name: null, as, part });
    }
  }
  for (const node of source.of("import_from_statement")) {
    const from = field(node, "module_name");
    if (from === null) continue;
    const module = names.absolute(source.path, textOf(from).replace(/\s/g, ""));
    for (const part of node.children) {
      if (part === from) continue;
      if (part.type === "wildcard_import") found.push({ node, module, name: null, as: null, part });
      const name = part.type === "aliased_import" ? field(part, "name") : part;
      if (name === null || name.type !== "dotted_name") continue;
      const alias = field(part, "alias");
      found.push({ node, module, name: textOf(name), as: textOf(alias ?? name), part });
    }
  }
  for (const node of source.of("call")) {
    if (calledName(node) !== "import_module" && calledName(node) !== "__import__") continue;
    const module = stringOf(positional(node)[0] ?? null);
    if (module !== null) found.push({ node, module, name: null, as: null, part: node });
  }
  return found;
}
