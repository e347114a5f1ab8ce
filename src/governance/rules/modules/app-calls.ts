/** What apps of Hono are told, in the order in which they hear of it: by their names, in chains, as fields, and by functions. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction } from "../../tree/flow/reach.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import { returnedBy } from "../../tree/names/shape.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, calledName, isFunction, nameOf, walk } from "../../tree/syntax/source.ts";
import { sourcesWith } from "../scope-of-rules.ts";

/** A call of an app. */
export interface Said {
  readonly call: ts.CallExpression;
  readonly method: string;
  /** Several in a loop or a list; null: they are worked out at run time. */
  readonly paths: readonly string[] | null;
  /** What stands behind the path. */
  readonly others: readonly ts.Expression[];
}

export interface Apps {
  /** Each `new Hono()` that is told something. */
  readonly all: readonly ts.NewExpression[];
  saidTo(app: ts.NewExpression): readonly Said[];
  /** The app that an expression is; null: it is none, or comes from elsewhere. */
  appOf(node: ts.Expression): ts.NewExpression | null;
}

/** An app as an expression has it. */
interface Meant {
  readonly made: ts.NewExpression;
  /** `/api` of `app.basePath("/api")`; null: it is worked out at run time. */
  readonly base: string | null;
  /** Where the functions are called that tell it something, the outermost first. */
  readonly by: readonly number[];
}

const methods = /^(?:use|get|post|put|patch|delete|options|all|on|route|mount)$/;
/** They give the app back. */
const chained = /^(?:use|get|post|put|patch|delete|options|all|on|route|mount|onError|notFound)$/;
const maxSteps = 6;

export function readApps(project: Project): Apps {
  const found = new Map<ts.NewExpression, { readonly said: Said; readonly at: readonly number[] }[]>();
  for (const { nodes } of sourcesWith(project, /\bhono\b/i))
    for (const call of nodes.calls) {
      const callee = bare(call.expression);
      const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
      const method = isMember ? calledName(call) : null;
      if (!isMember || method === null || !methods.test(method) || call.arguments.length === 0) continue;
      const app = meantBy(project, callee.expression, maxSteps);
      if (app === null) continue;
      const said = readSaid(project, call, method, app.base);
      const list = found.get(app.made) ?? [];
      found.set(app.made, list);
      // Of a chain, the calls in their order.
      list.push({ said, at: [...app.by, call.expression.getEnd()] });
    }
  const all = new Map(
    [...found].map(([made, list]) => [
      made,
      list.sort((left, right) => inOrder(left.at, right.at)).map(({ said }) => said),
    ]),
  );
  return {
    all: [...all.keys()],
    saidTo: (app) => all.get(app) ?? [],
    appOf: (node) => meantBy(project, node, maxSteps)?.made ?? null,
  };
}

function inOrder(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((one, index) => one !== right[index]);
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

function readSaid(
  { typescript: { values } }: Project,
  call: ts.CallExpression,
  method: string,
  base: string | null,
): Said {
  // app.on("GET", "/books", …)
  const [first, ...rest] = method === "on" ? call.arguments.slice(1) : call.arguments;
  const given = first === undefined ? [] : values.valuesOf(call.getSourceFile().fileName, first).flat();
  const texts = given.filter((one) => typeof one === "string");
  const isKnown = texts.length > 0 && texts.length === given.length && base !== null;
  const hasPath = texts.length > 0 || method !== "use" || rest.length > 0;
  if (!hasPath)
    return { call, method, paths: base === null ? null : [`${base}/*`], others: call.arguments.slice() };
  return { call, method, paths: isKnown ? texts.map((text) => joined(base, text)) : null, others: rest };
}

/** As Hono puts them together. */
export const joined = (base: string, path: string): string =>
  base === "" ? path : `${base.replace(/\/$/, "")}/${path.replace(/^\//, "")}`.replace(/(?<=.)\/$/, "");

function meantBy(project: Project, node: ts.Expression, steps: number): Meant | null {
  const value = bare(node);
  if (steps === 0) return null;
  if (ts.isNewExpression(value)) return isHono(project, value) ? { made: value, base: "", by: [] } : null;
  if (ts.isCallExpression(value)) return givenBack(project, value, steps);
  if (ts.isIdentifier(value)) return named(project, value, steps);
  const field = fieldOf(value);
  return field === null ? null : meantBy(project, field, steps - 1);
}

function isHono({ typescript: { bindings } }: Project, made: ts.NewExpression): boolean {
  const origin = bindings.originOfExpression(made.getSourceFile().fileName, made.expression);
  return (
    (origin?.package === "hono" && origin.name === "Hono") ||
    (origin?.package === "@hono/zod-openapi" && origin.name === "OpenAPIHono")
  );
}

/** In a chain, or by a function of the project. */
function givenBack(project: Project, call: ts.CallExpression, steps: number): Meant | null {
  const callee = bare(call.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
  if (ts.isPropertyAccessExpression(callee) && (chained.test(name) || name === "basePath")) {
    const app = meantBy(project, callee.expression, name === "basePath" ? steps - 1 : steps);
    if (app === null || name !== "basePath") return app;
    const [path] = call.arguments;
    const text =
      path === undefined ? "" : project.typescript.values.valueOf(call.getSourceFile().fileName, path);
    return { ...app, base: typeof text === "string" && app.base !== null ? joined(app.base, text) : null };
  }
  const called = calledFunction(project.typescript, callee);
  if (called === null) return null;
  for (const end of returnedBy(called)) {
    const app = meantBy(project, end, steps - 1);
    if (app !== null) return app;
  }
  return null;
}

function named(project: Project, name: ts.Identifier, steps: number): Meant | null {
  const declared = declarationOf(name);
  if (declared !== null && ts.isParameter(declared)) return givenTo(project, declared, steps);
  const origin =
    declared === null ? project.typescript.bindings.originOf(name.getSourceFile().fileName, name.text) : null;
  const given =
    declared !== null && ts.isVariableDeclaration(declared) ? declared.initializer : origin?.value;
  return given == null ? null : meantBy(project, given, steps - 1);
}

/** `add(app)`: where a function is called in its own file, what it is given. */
function givenTo(project: Project, parameter: ts.ParameterDeclaration, steps: number): Meant | null {
  const { parent: owner } = parameter;
  if (!isFunction(owner) || !/\bHono\b/.test(parameter.type?.getText() ?? "Hono")) return null;
  const index = owner.parameters.indexOf(parameter);
  for (const call of nodesOf(parameter.getSourceFile()).calls) {
    const given = call.arguments[index];
    if (given === undefined || calledFunction(project.typescript, call.expression) !== owner) continue;
    const app = meantBy(project, given, steps - 1);
    if (app !== null) return { ...app, by: [...app.by, call.expression.getEnd()] };
  }
  return null;
}

/** What `this.app` is given where its class says so; null: it is something else. */
function fieldOf(node: ts.Expression): ts.Expression | null {
  if (!ts.isPropertyAccessExpression(node) || node.expression.kind !== ts.SyntaxKind.ThisKeyword) return null;
  let at: ts.Node = node;
  while (at.parent !== undefined && !ts.isClassLike(at)) at = at.parent;
  if (!ts.isClassLike(at)) return null;
  let found: ts.Expression | null = null;
  walk(at, (inner) => {
    if (ts.isPropertyDeclaration(inner) && nameOf(inner.name) === node.name.text)
      found ??= inner.initializer ?? null;
    if (
      ts.isBinaryExpression(inner) &&
      inner.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      inner.left.getText() === node.getText()
    )
      found ??= inner.right;
    return found === null;
  });
  return found;
}
