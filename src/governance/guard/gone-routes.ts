/** Who still calls a route that a change takes away. */

import ts from "typescript";
import type { Finding } from "../finding.ts";
import { findingAt } from "../finding-at.ts";
import type { Project } from "../project.ts";
import { functionOf } from "../tree/names/scope.ts";
import type { TypeScriptModule } from "../tree/product/modules.ts";
import { routeMethods } from "../tree/product/route-methods.ts";
import { nodesOf } from "../tree/syntax/nodes.ts";
import {
  bare,
  calledName,
  isFunction,
  nameOf,
  propertyValue,
  stringOf,
  walk,
} from "../tree/syntax/source.ts";

/** As reports know it. */
export const goneRouteFacts = {
  id: "gone-route",
  title: "A route is gone that somebody of the project still calls",
  severity: "warning",
  why: "The compiler does not know who calls a route: the call is answered by 404 from then on.",
  mend: "Keep the route until nobody calls it, or change whoever does.",
} as const;

interface Route {
  readonly method: string;
  /** From the root, without parts that are empty: `["api", "tasks", ":id"]`. */
  readonly parts: readonly string[];
}

const partsOf = (path: string): readonly string[] => path.split("/").filter((part) => part !== "");

const isSame = (route: Route, parts: readonly string[]): boolean =>
  route.parts.length === parts.length &&
  route.parts.every((part, at) => part.startsWith(":") || parts[at] === hole || part === parts[at]);

/** What is worked out at run time. */
const hole = "…";

/** @param before the project as it was */
export function calledGoneRoutes(before: Project, now: Project): readonly Finding[] {
  const left = routesOf(now);
  const gone = routesOf(before).filter(
    ({ method, parts }) => !left.some((route) => route.method === method && isSame(route, parts)),
  );
  if (gone.length === 0) return [];
  const isServed = (method: string | null, parts: readonly string[]) =>
    left.some((route) => (method === null || route.method === method) && isSame(route, parts));
  return now.typescript.files.flatMap((path) => {
    const file = now.files.files.get(path);
    if (file === undefined || !gone.some(({ parts }) => file.text.includes(`/${parts[0]}/`))) return [];
    return nodesOf(now.typescript.source(path).ast).texts.flatMap((text): readonly Finding[] => {
      const parts = addressIn(text);
      const method = parts === null ? null : methodOf(text);
      const found = gone.find(
        (route) => parts !== null && (method === null || route.method === method) && isSame(route, parts),
      );
      if (found === undefined || parts === null || isServed(method, parts)) return [];
      const place = { file: path, start: text.getStart(), end: text.end };
      const message = `${found.method.toUpperCase()} /${found.parts.join("/")} is gone, and is called here.`;
      return [findingAt(goneRouteFacts, file, place, message)];
    });
  });
}

/** Of modules that say where they are mounted; those that mount further ones below are not read. */
function routesOf(project: Project): readonly Route[] {
  const { modules, source } = project.typescript;
  return modules.flatMap((module) => {
    const mounts = mountsOf(module);
    const files = module.files.filter((path) =>
      /\.(?:get|post|put|patch|delete)\(/.test(project.files.files.get(path)?.text ?? ""),
    );
    const calls = files.flatMap((path) => nodesOf(source(path).ast).calls);
    const isNested = calls.some(
      (call) => calledName(call) === "route" && (stringOf(call.arguments[0]) ?? "/") !== "/",
    );
    const [mount, ...others] = mounts;
    if (mount === undefined || others.length > 0 || isNested) return [];
    return calls.flatMap((call) => routeOf(project, call, mount) ?? []);
  });
}

function mountsOf({ definition }: TypeScriptModule): readonly string[] {
  const found: string[] = [];
  if (definition?.options == null) return found;
  walk(definition.options, (node) => {
    const isPath = ts.isPropertyAssignment(node) && nameOf(node.name) === "path";
    const path = isPath ? stringOf(node.initializer) : null;
    if (path?.startsWith("/")) found.push(path);
  });
  return found;
}

/** `.get("/:id", mayRead, (c) => …)`; null: it is none, or takes whatever comes. */
function routeOf({ typescript }: Project, call: ts.CallExpression, mount: string): Route | null {
  const method = calledName(call) ?? "";
  const path = stringOf(call.arguments[0]);
  const last = call.arguments.at(-1);
  if (!routeMethods.test(method) || path === null || last === undefined || !path.startsWith("/")) return null;
  if (path.includes("*") || path.includes("{") || call.arguments.length < 2) return null;
  const isHandled = isFunction(bare(last)) || functionOf(typescript, last) !== null;
  return isHandled ? { method, parts: partsOf(mount + path) } : null;
}

/** The path of an address, from its root; null: it is none. */
function addressIn(text: ts.StringLiteralLike | ts.TemplateExpression): readonly string[] | null {
  const written = ts.isTemplateExpression(text)
    ? text.head.text + text.templateSpans.map(({ literal }) => hole + literal.text).join("")
    : text.text;
  const [address = ""] = written.split(/[?#\s]/, 1);
  const path = /^(?:https?:\/\/[^/]*|…)?(\/.*)$/.exec(address)?.[1];
  return path === undefined || address !== written.trim().split(/[?#]/, 1)[0] ? null : partsOf(path);
}

/** How it is called; null: it is not seen. */
function methodOf(text: ts.Node): string | null {
  const { parent } = text;
  if (!ts.isCallExpression(parent)) return null;
  const name = calledName(parent) ?? "";
  if (routeMethods.test(name)) return name;
  for (const given of parent.arguments) {
    const value = bare(given);
    const said = ts.isObjectLiteralExpression(value) ? propertyValue(value, "method") : value;
    const method = stringOf(said)?.toLowerCase() ?? "";
    if (routeMethods.test(method)) return method;
  }
  return name === "fetch" && parent.arguments.length === 1 ? "get" : null;
}
