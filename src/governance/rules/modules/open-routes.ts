/** RT-1: routes of an app that keeps others behind a key, and these not. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction, callsInside, reachedFrom } from "../../tree/flow/reach.ts";
import type { Origin } from "../../tree/names/bindings.ts";
import { declarationOf, functionOf, givenTo, rootOf } from "../../tree/names/scope.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  propertyValue,
  stringOf,
  walk,
} from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";

export const openRoutes: readonly Rule[] = [
  {
    id: "RT-1",
    title: "A route is behind the app's key, or says that it is open",
    severity: "error",
    why: "Where an app keeps its routes behind a key, one beside them is open to everybody, and nobody sees whether that was meant.",
    mend: 'Put the route behind the guard, which stands before it (app.use("/api/*", bearerAuth(…))), or say why it is open: app.use("/pages/*", openToAll("…")) of @brain/operator.',
    caughtBy: [],
    check: unguardedRoutes,
  },
];

const operatorPackage = "@brain/operator";
/** Middleware of Hono that asks who calls. */
const guardNames = /^(?:bearerAuth|basicAuth|jwt|jwk)$/;
/** Middleware of Hono that lets everybody through. */
const harmlessNames =
  /^(?:logger|cors|compress|secureHeaders|etag|timing|requestId|bodyLimit|prettyJSON|cache|timeout|(?:trim|append)TrailingSlash|contextStorage|languageDetector|poweredBy|methodOverride|csrf)$/;
const routeMethods = /^(?:get|post|put|patch|delete|all|route)$/;

/** A call of an app, in the order in which Hono hears of it. */
interface Said {
  readonly call: ts.CallExpression;
  readonly method: string;
  /** Null: it is worked out at run time. */
  readonly path: string | null;
  readonly others: readonly ts.Expression[];
}

function unguardedRoutes(project: Project, report: Report): void {
  for (const { file, nodes } of sourcesWith(project, /hono\/(?:bearer-auth|basic-auth|jwt|jwk)\b/)) {
    const apps = nodes.news.filter((made) => isHono(project, file, made));
    for (const app of apps) {
      const said = saidTo(project, app);
      const guards = said.filter(
        ({ method, others }) => method === "use" && others.some((one) => mayGuard(project, one)),
      );
      // One that is known to ask who calls: elsewhere it may be asked before the app.
      if (!guards.some(({ others }) => others.some((one) => isGuard(project, one)))) continue;
      judge(project, said, guards, report);
    }
  }
}

function judge(project: Project, said: readonly Said[], guards: readonly Said[], report: Report): void {
  for (const one of said) {
    if (!routeMethods.test(one.method)) continue;
    const before = guards.filter((guard) => said.indexOf(guard) < said.indexOf(one));
    const { method, path, others } = one;
    if (path === null) {
      if (method === "route") judgeMounts(project, one, before, guards, report);
      continue;
    }
    const asked = method === "route" ? `${path.replace(/\/$/, "")}/*` : path;
    if (before.some((guard) => covers(guard.path, asked))) continue;
    if (others.slice(0, -1).some((handler) => mayGuard(project, handler))) continue;
    const last = others.at(-1);
    if (last === undefined || !reachesRows(project, last, method === "route")) continue;
    report({ at: one.call.arguments[0] ?? one.call, message: messageOf(asked, guards) });
  }
}

const messageOf = (path: string, guards: readonly Said[]): string => {
  const later = guards.find((guard) => covers(guard.path, path));
  return later === undefined
    ? `${path} asks for no key: the guards of this app stand at ${guards.map((guard) => guard.path ?? "?").join(", ")}.`
    : `${path} asks for no key: the guard of ${later.path ?? "?"} stands behind it, and hears of what comes later only.`;
};

/** Routes of modules, each at the path that its module says. */
function judgeMounts(
  project: Project,
  { call, others }: Said,
  before: readonly Said[],
  guards: readonly Said[],
  report: Report,
): void {
  const [given] = others;
  // What is called is unknown here: a module's own function.
  if (given === undefined || !ts.isCallExpression(bare(given))) return;
  for (const { definition } of project.typescript.modules) {
    const list = definition?.options == null ? null : propertyValue(definition.options, "routes");
    if (list === null) continue;
    walk(list, (node) => {
      const path = ts.isObjectLiteralExpression(node) ? propertyValue(node, "path") : null;
      const text = path === null ? null : stringOf(path);
      if (path === null || text === null || !ts.isObjectLiteralExpression(node)) return true;
      const asked = `${text}/*`;
      if (before.some((guard) => covers(guard.path, asked))) return true;
      const isLater = guards.some((guard) => covers(guard.path, asked));
      const opened = propertyValue(node, "open");
      if (opened === null || !reachesRows(project, opened, true)) return true;
      report({ at: isLater ? call : path, message: messageOf(asked, guards) });
      return true;
    });
  }
}

/** `app.use("/api/*", …)` for `/api/orders`; one without a path is for all. Unknown ones may be for any. */
function covers(pattern: string | null, path: string): boolean {
  if (pattern === null) return true;
  if (pattern === "*" || pattern === "/*") return true;
  const wanted = pattern.split("/");
  const given = path.split("/");
  for (const [index, part] of wanted.entries()) {
    if (part === "*" && index === wanted.length - 1) return true;
    const other = given[index];
    if (other === undefined) return false;
    if (part !== "*" && !part.startsWith(":") && part !== other) return false;
  }
  return wanted.length === given.length;
}

function isHono({ typescript: { bindings } }: Project, file: string, made: ts.NewExpression): boolean {
  const origin = bindings.originOfExpression(file, made.expression);
  return origin?.package === "hono" && origin.name === "Hono";
}

/** What an app is told: in a chain behind `new Hono()`, and by its name. */
function saidTo({ typescript: { values } }: Project, app: ts.NewExpression): readonly Said[] {
  const chain: ts.CallExpression[] = [];
  let at: ts.Node = app;
  while (ts.isPropertyAccessExpression(at.parent) && ts.isCallExpression(at.parent.parent)) {
    at = at.parent.parent;
    chain.push(at as ts.CallExpression);
  }
  const { parent } = at;
  const named =
    ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)
      ? nodesOf(app.getSourceFile()).calls.filter((call) => {
          const root = ts.isPropertyAccessExpression(call.expression) ? rootOf(call.expression) : null;
          return root !== null && root !== parent.name && declarationOf(root) === parent;
        })
      : [];
  return [...chain, ...named]
    .flatMap((call) => {
      const method = calledName(call);
      const [first, ...rest] = call.arguments;
      if (method === null || first === undefined) return [];
      const value = values.valueOf(call.getSourceFile().fileName, first);
      const path = typeof value === "string" ? value : null;
      const hasPath = path !== null || method !== "use" || rest.length > 0;
      return [{ call, method, path: hasPath ? path : "*", others: hasPath ? rest : [first, ...rest] }];
    })
    .sort((a, b) => nameEnd(a.call) - nameEnd(b.call));
}

/** Of a chain, the calls in their order. */
const nameEnd = ({ expression }: ts.CallExpression) => expression.getEnd();

/** Where middleware comes from: what is called for it, also under a name. */
function originOf({ typescript: { bindings } }: Project, node: ts.Expression): Origin | null {
  const value = bare(node);
  const made = ts.isIdentifier(value) ? givenTo(value) : null;
  const call = made === null ? value : bare(made);
  const callee = ts.isCallExpression(call) ? call.expression : call;
  return bindings.originOfExpression(callee.getSourceFile().fileName, callee);
}

const isOfHono = (origin: Origin | null, names: RegExp) =>
  origin?.package === "hono" && names.test(origin.name);

const isGuard = (project: Project, node: ts.Expression) => isOfHono(originOf(project, node), guardNames);

/** What nobody knows may ask who calls. */
const mayGuard = (project: Project, node: ts.Expression) => !isOfHono(originOf(project, node), harmlessNames);

/** Of the engine, its publishers and Drizzle. */
const touches = /^(?:transact|select|insert|update|delete|execute|publish|statements)$/;

/** Whether a handler, or the function that makes routes, looks at rows or changes them. */
function reachesRows(project: Project, node: ts.Expression, isMaker: boolean): boolean {
  const { typescript } = project;
  const value = bare(node);
  if (originOf(project, value)?.package === operatorPackage) return false;
  const start: FunctionNode | null =
    isMaker && ts.isCallExpression(value)
      ? calledFunction(typescript, value.expression)
      : functionOf(typescript, value);
  if (start === null) return false;
  // Routes that a function makes may have a guard of their own.
  if (isMaker && callsInside(start).some((call) => calledName(call) === "use")) return false;
  return [...reachedFrom(typescript, start, 2)].some((one) =>
    callsInside(one).some((call) => touches.test(calledName(call) ?? "")),
  );
}
