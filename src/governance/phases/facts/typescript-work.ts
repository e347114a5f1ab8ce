/** What the functions of a file of TypeScript do: which state they change, whom they wait for, which requests they answer. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  functionsAround,
  isFunction,
  nameOf,
  placeOf,
  stringOf,
  walk,
} from "../../tree/syntax/source.ts";
import { type Change, onlyAsks, type Work } from "./module-facts.ts";

interface Draft {
  readonly node: FunctionNode;
  readonly name: string;
  readonly changes: Change[];
  readonly external: string[];
  readonly tells: string[];
  readonly calls: Set<string>;
  readonly publishes: string[];
  readonly route: string | null;
}

export function workOf(project: Project, file: string): readonly Work[] {
  const drafts = new Map<FunctionNode, Draft>();
  const { typescript } = project;
  const draftAround = (node: ts.Node): Draft | null => {
    for (const around of functionsAround(node)) {
      const name = functionName(around);
      const route = name === null ? routeOf(around) : null;
      if (name === null && route === null) continue;
      const known = drafts.get(around);
      if (known !== undefined) return known;
      const made = {
        node: around,
        name: name ?? "",
        changes: [],
        external: [],
        tells: [],
        calls: new Set<string>(),
        publishes: [],
        route,
      };
      drafts.set(around, made);
      return made;
    }
    return null;
  };
  walk(typescript.source(file).ast, (node) => {
    if (ts.isTaggedTemplateExpression(node)) {
      const change = changeOfSql(node.template.getText());
      if (change !== null) draftAround(node)?.changes.push(change);
    }
    if (!ts.isCallExpression(node)) return;
    const draft = draftAround(node);
    if (draft === null) return;
    const called = calledName(node);
    if (called !== null) draft.calls.add(called);
    const change = changeOf(project, file, node, called);
    if (change !== null) draft.changes.push(change);
    const outside = externalCall(project, file, node, called);
    if (outside !== null) draft.external.push(outside);
    const other = callOfOther(project, file, node);
    if (other === null) return;
    draft.external.push(`${other}.${called ?? ""}`);
    if (called !== null && !onlyAsks(called)) draft.tells.push(other);
  });
  for (const { call, events } of typescript.published.filter((found) => found.file === file))
    draftAround(call)?.publishes.push(...events.flatMap(({ type }) => type ?? []));
  return [...drafts.values()].map(({ node, name, route, ...draft }) => ({
    ...draft,
    name,
    route,
    owner: ts.isClassLike(node.parent) ? (node.parent.name?.text ?? null) : null,
    place: placeOf(node),
    parameters: node.parameters.flatMap(({ name: parameter }) => namesIn(parameter)),
  }));
}

function namesIn(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}

/** Of a declaration, a method, or a value that is a function; null: it has none of its own. */
function functionName(node: FunctionNode): string | null {
  if (node.name !== undefined && (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name)))
    return node.name.text;
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) return parent.name.text;
  return ts.isPropertyAssignment(parent) && isFunction(node) ? nameOf(parent.name) : null;
}

const methods = new Set(["post", "put", "patch", "delete"]);

/** The last argument of `app.post("/path", …)`. */
function routeOf(node: FunctionNode): string | null {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || parent.arguments.at(-1) !== node) return null;
  const called = calledName(parent);
  const path = stringOf(parent.arguments[0]);
  return called !== null && methods.has(called) && path?.startsWith("/") === true
    ? `${called.toUpperCase()} ${path}`
    : null;
}

const written: Readonly<Record<string, string>> = {
  insert: "inserts into",
  update: "updates",
  delete: "deletes from",
};

/** `tx.insert(table)` and its like, when what is given is a table. */
function changeOf(
  project: Project,
  file: string,
  node: ts.CallExpression,
  called: string | null,
): Change | null {
  const verb = called === null ? undefined : written[called];
  const [first] = node.arguments;
  if (verb === undefined || first === undefined) return null;
  const origin = project.typescript.bindings.originOfExpression(file, first);
  if (origin?.value == null || origin.file === null) return null;
  const made = bare(origin.value);
  if (!ts.isCallExpression(made)) return null;
  const maker = project.typescript.bindings.originOfExpression(origin.file, made.expression);
  if (maker?.package !== "drizzle-orm" && maker?.package !== "@brain/engine") return null;
  const subject = stringOf(made.arguments[0]) ?? origin.name;
  return { what: `${verb} ${subject}`, subject };
}

const sqlChange = /\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?"?([a-z_][a-z0-9_.]*)"?/i;

/** What a statement changes; null when it only reads. */
export function changeOfSql(statement: string): Change | null {
  const found = sqlChange.exec(statement.replace(/\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b/gi, ""));
  const [, verb, subject] = found ?? [];
  if (verb === undefined || subject === undefined || /^(?:set|of|on)$/i.test(subject)) return null;
  const words = written[verb.toLowerCase().split(/\s/)[0] ?? ""];
  return words === undefined ? null : { what: `${words} ${subject}`, subject };
}

/** The module whose code is called; null: it is this one's, or no module's. */
function callOfOther({ typescript }: Project, file: string, node: ts.CallExpression): string | null {
  const callee = bare(node.expression);
  const root = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  const origin = typescript.bindings.originOfExpression(file, root);
  const other = origin?.file == null ? null : typescript.moduleOf(origin.file);
  return other === null || other.folder === typescript.moduleOf(file)?.folder ? null : other.name;
}

const callers = new Set(["axios", "got", "ky", "undici", "node-fetch", "superagent"]);

function externalCall(
  project: Project,
  file: string,
  node: ts.CallExpression,
  called: string | null,
): string | null {
  const { bindings } = project.typescript;
  const callee = bare(node.expression);
  const root = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  const origin = bindings.originOfExpression(file, root);
  if (origin?.package != null && callers.has(origin.package))
    return `${origin.package} ${called ?? ""}`.trim();
  return called === "fetch" && origin?.file == null ? "fetch" : null;
}
