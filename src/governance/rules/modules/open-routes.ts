/** RT-1: routes of an app that keeps others behind a key, and these not. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction, callsInside, handlersOf, reachedFrom } from "../../tree/flow/reach.ts";
import type { Origin } from "../../tree/names/bindings.ts";
import { givenTo } from "../../tree/names/scope.ts";
import { returnedBy } from "../../tree/names/shape.ts";
import { WrittenFunction } from "../../tree/names/value-calls.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  propertyValue,
  stringOf,
  walk,
} from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { type Apps, joined, readApps, type Said } from "./app-calls.ts";

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
const routeMethods = /^(?:get|post|put|patch|delete|all|on|route|mount)$/;

/** Middleware that may ask who calls. */
interface Guard {
  /** Null: it is worked out at run time. */
  readonly path: string | null;
  /** Paths that it lets through. */
  readonly except: readonly string[];
}

/** An app, and what stands before it where it is mounted. */
interface Mounted {
  readonly app: ts.NewExpression;
  readonly prefix: string;
  readonly guards: readonly Guard[];
}

/** @param at where it is told; null: where each route stands */
type Tell = (path: string, at: ts.Node, guards: readonly Guard[]) => void;

function unguardedRoutes(project: Project, report: Report): void {
  const apps = readApps(project);
  const mountedIn = (app: ts.NewExpression) =>
    apps.saidTo(app).flatMap(({ method, others }) => {
      const [given] = others;
      return method === "route" && given !== undefined ? (apps.appOf(given) ?? []) : [];
    });
  const mounted = new Set(apps.all.flatMap(mountedIn));
  // One that is known to ask who calls: elsewhere it may be asked before the app.
  const asks = (app: ts.NewExpression, steps: number): boolean =>
    apps
      .saidTo(app)
      .some(({ method, others }) => method === "use" && others.some((one) => isGuard(project, one))) ||
    (steps > 0 && mountedIn(app).some((one) => asks(one, steps - 1)));
  const tell: Tell = (path, at, guards) => report({ at, message: messageOf(path, guards) });
  for (const app of apps.all)
    if (!mounted.has(app) && asks(app, maxMounts))
      judge(project, apps, { app, prefix: "", guards: [] }, tell, maxMounts);
}

const maxMounts = 3;

/** Of an app that keeps its routes behind a key, those that it does not. */
function judge(
  project: Project,
  apps: Apps,
  { app, prefix, guards }: Mounted,
  tell: Tell,
  mounts: number,
): void {
  const said = apps.saidTo(app);
  const guarding = said.map((one) => (one.method === "use" ? guardsOf(project, one, prefix) : []));
  const own = [...guards, ...guarding.flat()];
  for (const [index, one] of said.entries()) {
    if (!routeMethods.test(one.method)) continue;
    const before = [...guards, ...guarding.slice(0, index).flat()];
    const { call, method, others } = one;
    const place = call.arguments[method === "on" ? 1 : 0] ?? call;
    const [given] = others;
    const inner = method === "route" && given !== undefined ? apps.appOf(given) : null;
    if (one.paths === null) {
      if (method === "route" && inner === null) judgeMounts(project, one, before, own, tell);
      continue;
    }
    const paths = one.paths.map((path) => joined(prefix, path));
    if (inner !== null) {
      let isTold = false;
      const tellHere: Tell = (path, _, by) => {
        if (!isTold) tell(path, place, by);
        isTold = true;
      };
      for (const path of mounts === 0 ? [] : paths)
        judge(project, apps, { app: inner, prefix: path, guards: before }, tellHere, mounts - 1);
      continue;
    }
    const isWhole = method === "route" || method === "mount";
    const asked = paths.map((path) => (isWhole ? `${path.replace(/\/$/, "")}/*` : path));
    const isOpen = asked.map((path) => !before.some((guard) => covers(guard, path)));
    if (!isOpen.includes(true) || others.slice(0, -1).some((handler) => mayGuard(project, handler))) continue;
    const handler = others.at(-1);
    const reaches = handler === undefined ? [] : reachesRows(project, handler, method === "route");
    // In a loop over paths with their handlers each has its own.
    const open = asked.find(
      (_, at) =>
        isOpen[at] &&
        (reaches.length === asked.length ? reaches[at] : reaches.length > 0 && !reaches.includes(false)),
    );
    if (open !== undefined) tell(open, place, own);
  }
}

function guardsOf(project: Project, { paths, others }: Said, prefix: string): readonly Guard[] {
  const guards = others.filter((one) => mayGuard(project, one));
  if (guards.length === 0) return [];
  // All of them ask: who passes by one may be stopped by another.
  const excepted = guards.map((one) => exceptedBy(project, one));
  const except = excepted.length === 1 ? (excepted[0] ?? []) : [];
  const put = (path: string) => joined(prefix, path);
  return (paths ?? [null]).map((path) => ({
    path: path === null ? null : put(path),
    except: except.map(put),
  }));
}

/** `except(["/health"], bearerAuth(…))` */
function exceptedBy(project: Project, node: ts.Expression): readonly string[] {
  const call = callOf(node);
  if (call === null || !isOfHono(originOf(project, node), /^except$/)) return [];
  const [first] = call.arguments;
  const given =
    first === undefined ? [] : project.typescript.values.valuesOf(call.getSourceFile().fileName, first);
  return given.flat().filter((one) => typeof one === "string");
}

const messageOf = (path: string, guards: readonly Guard[]): string => {
  const later = guards.find((guard) => covers(guard, path));
  return later === undefined
    ? `${path} asks for no key: the guards of this app stand at ${guards.map((guard) => guard.path ?? "?").join(", ")}.`
    : `${path} asks for no key: the guard of ${later.path ?? "?"} stands behind it, and hears of what comes later only.`;
};

/** Routes of modules, each at the path that its module says. */
function judgeMounts(
  project: Project,
  { call, others }: Said,
  before: readonly Guard[],
  guards: readonly Guard[],
  tell: Tell,
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
      if (before.some((guard) => covers(guard, asked))) return true;
      const isLater = guards.some((guard) => covers(guard, asked));
      const opened = propertyValue(node, "open");
      if (opened === null || !reachesRows(project, opened, true).includes(true)) return true;
      tell(asked, isLater ? call : path, guards);
      return true;
    });
  }
}

const covers = ({ path: guarded, except }: Guard, path: string): boolean =>
  isBelow(guarded, path) && !except.some((one) => isBelow(one, path));

/** `app.use("/api/*", …)` for `/api/orders`; one without a path is for all. Unknown ones may be for any. */
function isBelow(pattern: string | null, path: string): boolean {
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

/** What middleware is made by, also under a name; null: it is no call. */
function callOf(node: ts.Expression): ts.CallExpression | null {
  const value = bare(node);
  const made = ts.isIdentifier(value) ? givenTo(value) : null;
  const call = made === null ? value : bare(made);
  return ts.isCallExpression(call) ? call : null;
}

/** Where middleware comes from: what is called for it, also under a name. */
function originOf({ typescript: { bindings } }: Project, node: ts.Expression): Origin | null {
  const callee = callOf(node)?.expression ?? bare(node);
  return bindings.originOfExpression(callee.getSourceFile().fileName, callee);
}

const isOfHono = (origin: Origin | null, names: RegExp) =>
  origin?.package === "hono" && names.test(origin.name);

const maxMakers = 2;

/** By itself, in a list of middleware, or made by a function of the project. */
function isGuard(project: Project, node: ts.Expression, steps = maxMakers): boolean {
  const origin = originOf(project, node);
  if (isOfHono(origin, guardNames)) return true;
  const call = steps === 0 ? null : callOf(node);
  if (call === null) return false;
  if (isOfHono(origin, /^(?:every|some|except)$/))
    return call.arguments.some((one) => isGuard(project, one, steps - 1));
  const maker = calledFunction(project.typescript, call.expression);
  return maker !== null && returnedBy(maker).some((one) => isGuard(project, one, steps - 1));
}

/** What nobody knows may ask who calls. */
const mayGuard = (project: Project, node: ts.Expression) => !isOfHono(originOf(project, node), harmlessNames);

/** Of the engine, its publishers and Drizzle. */
const touches = /^(?:transact|select|insert|update|delete|execute|publish|statements)$/;

/** It answers so who may not: it asks itself who calls. */
const refuses = /\b40[13]\b/;

/** Whether a handler, or the function that makes routes, looks at rows or changes them: in a loop, each that it may be. */
function reachesRows(project: Project, node: ts.Expression, isMaker: boolean): readonly boolean[] {
  const value = bare(node);
  if (originOf(project, value)?.package === operatorPackage) return [];
  return startsOf(project, value, isMaker).map((start) => {
    // Routes that a function makes may have a guard of their own.
    if (isMaker && callsInside(start).some((call) => calledName(call) === "use")) return false;
    const reached = [...reachedFrom(project.typescript, start, 2)];
    if (reached.some((one) => refuses.test(one.getText()))) return false;
    return reached.some((one) => callsInside(one).some((call) => touches.test(calledName(call) ?? "")));
  });
}

function startsOf({ typescript }: Project, value: ts.Expression, isMaker: boolean): readonly FunctionNode[] {
  if (isMaker) {
    const maker = calledFunction(typescript, ts.isCallExpression(value) ? value.expression : value);
    return maker === null ? [] : [maker];
  }
  const handlers = handlersOf(typescript, { handler: value });
  if (handlers.length > 0) return handlers.slice(0, 1);
  return typescript.values
    .valuesOf(value.getSourceFile().fileName, value)
    .flatMap((one) => (one instanceof WrittenFunction ? [one.node] : []));
}
