/** B-2: modules that make what they publish with, themselves or by a function of the project. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { redisPackages } from "../../tree/effects/redis-commands.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { calledFunction } from "../../tree/flow/reach.ts";
import { declarationOf, givenTo } from "../../tree/names/scope.ts";
import { shapesOf } from "../../tree/names/shapes.ts";
import { enginePackage } from "../../tree/product/typescript.ts";
import { bare, type FunctionNode, functionsAround, isFunction, walk } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith, sourcesWith } from "../scope-of-rules.ts";

const engineMakers = new Set(["createEngine", "createRedis"]);
/** The words of the charter for it. */
const streamClass = /^(?:Event|Message)(?:Stream|Bus|Publisher)$/;
const mayMake = /redis|valkey|createEngine|Stream|Bus|Publisher/i;

export function ownStreams(project: Project, report: Report): void {
  const factories = factoriesOf(project);
  for (const { file, module, nodes } of moduleSourcesWith(project, factories.mayCall)) {
    for (const node of [...nodes.news, ...nodes.calls]) {
      const called = ts.isCallExpression(node) ? calledFunction(project.typescript, node.expression) : null;
      const isMade = makesStream(project, file, node) || handsOnClient(project, node);
      if (isMade || (called !== null && factories.functions.has(called)))
        report({
          at: node,
          message: `The module ${module.name} makes a stream of its own by ${bare(node.expression).getText()}.`,
        });
    }
    const told = new Set<string>();
    for (const name of factories.clients.size === 0 ? [] : nodes.names) {
      if (told.has(name.text) || declarationOf(name) !== null) continue;
      const value = project.typescript.bindings.originOf(file, name.text)?.value ?? null;
      if (value === null || !factories.clients.has(bare(value))) continue;
      told.add(name.text);
      report({
        at: name,
        message: `The module ${module.name} uses the connection ${name.text}, which a file makes for whoever imports it.`,
      });
    }
  }
}

type Made = ts.NewExpression | ts.CallExpression;

/** `Reflect.construct(Redis, …)`, `open({ client: Redis })`: whoever is given the class makes one for the module. */
function handsOnClient({ typescript }: Project, node: Made): boolean {
  return (node.arguments ?? []).flatMap(handedBy).some((given) => {
    const origin = typescript.bindings.originOfExpression(given.getSourceFile().fileName, given);
    return origin?.package != null && redisPackages.has(origin.package) && isClassName.test(origin.name);
  });
}

const isClassName = /^(?:[A-Z]|default$)/;

/** An argument, or the fields of one that is written in place. */
function handedBy(argument: ts.Expression): readonly ts.Expression[] {
  const given = bare(argument);
  if (ts.isArrayLiteralExpression(given)) return given.elements.map(bare);
  if (!ts.isObjectLiteralExpression(given)) return [given];
  return given.properties.flatMap((property) => {
    if (ts.isPropertyAssignment(property)) return [bare(property.initializer)];
    return ts.isShorthandPropertyAssignment(property) ? [property.name] : [];
  });
}

function makesStream(project: Project, file: string, node: Made): boolean {
  const ends = ts.isNewExpression(node) ? madeOf(project.typescript, node.expression) : [];
  return [bare(node.expression), ...ends].some((callee) => makesBy(project, file, node, callee));
}

function makesBy(project: Project, file: string, node: Made, callee: ts.Expression): boolean {
  const owner =
    ts.isCallExpression(node) && ts.isPropertyAccessExpression(callee) ? bare(callee.expression) : callee;
  const originOf = (named: ts.Expression) =>
    project.typescript.bindings.originOfExpression(callee.getSourceFile()?.fileName ?? file, named);
  const origin = originOf(extendedBy(project, callee) ?? callee) ?? originOf(owner);
  if (origin === null) return false;
  return (
    (origin.package !== null && redisPackages.has(origin.package)) ||
    (origin.package === enginePackage && engineMakers.has(origin.name)) ||
    (ts.isNewExpression(node) && origin.package === null && streamClass.test(origin.name))
  );
}

/** `Redis` of `class Own extends Redis {}`; null: it is no class of the project, or extends none. */
function extendedBy({ typescript }: Project, callee: ts.Expression): ts.Expression | null {
  const made = ts.isClassExpression(callee) ? callee : (shapesOf(typescript).of(callee)?.node ?? null);
  if (made === null || !ts.isClassLike(made)) return null;
  const base = made.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
  return base === undefined ? null : bare(base.expression);
}

/** `new Redis(…)` and `Redis.fromEnv()` of a package. */
function isRedisClient(project: Project, file: string, node: Made): boolean {
  if (!ts.isVariableDeclaration(node.parent)) return false;
  const callee = bare(node.expression);
  const owner = ts.isPropertyAccessExpression(callee) ? bare(callee.expression) : callee;
  const originOf = (named: ts.Expression) => project.typescript.bindings.originOfExpression(file, named);
  const origin = originOf(callee) ?? originOf(owner);
  return origin?.package != null && redisPackages.has(origin.package);
}

interface Factories {
  readonly functions: ReadonlySet<FunctionNode>;
  /** Connections at the top of a file outside of modules. */
  readonly clients: ReadonlySet<ts.Expression>;
  /** A file without any of it makes no stream. */
  readonly mayCall: RegExp;
}

/** One that gives back what another one made. */
const maxRounds = 3;

/** Functions outside of modules that give back a stream which they made: where the product starts, they are right. */
function factoriesOf(project: Project): Factories {
  const functions = new Set<FunctionNode>();
  const clients = new Set<ts.Expression>();
  const names = new Set<string>();
  const givenBack = new Map<FunctionNode, ReadonlySet<ts.Expression>>();
  let mayCall = mayMake;
  for (let round = 0; round < maxRounds; round++) {
    const known = functions.size + clients.size;
    for (const { file, module, nodes } of sourcesWith(project, mayCall)) {
      if (module !== null) continue;
      for (const node of [...nodes.news, ...nodes.calls]) {
        const around = functionsAround(node)[0];
        if (around === undefined && isRedisClient(project, file, node)) {
          clients.add(node);
          if (ts.isVariableDeclaration(node.parent)) names.add(node.parent.name.getText());
        }
        const name = around === undefined ? null : functionName(around);
        if (around === undefined || name === null || functions.has(around)) continue;
        const given = givenBack.get(around) ?? givenBackBy(around);
        givenBack.set(around, given);
        if (!given.has(node)) continue;
        const called = ts.isCallExpression(node) ? calledFunction(project.typescript, node.expression) : null;
        if (!(called !== null && functions.has(called)) && !makesStream(project, file, node)) continue;
        functions.add(around);
        names.add(name);
      }
    }
    if (functions.size + clients.size === known) break;
    mayCall = new RegExp(`${mayMake.source}|\\b(?:${[...names].map(escaped).join("|")})\\b`, "i");
  }
  return { functions, clients, mayCall };
}

const escaped = (name: string) => name.replaceAll("$", "\\$");

/** Of a function or a constant that is one. */
function functionName(node: FunctionNode): string | null {
  if (ts.isFunctionDeclaration(node)) return node.name?.text ?? null;
  const { parent } = node;
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name.text : null;
}

/** What a function gives back: `return made`, `return { redis: made }`, and what stands behind a name. */
function givenBackBy(around: FunctionNode): ReadonlySet<ts.Expression> {
  const given = new Set<ts.Expression>();
  const add = (node: ts.Expression): void => {
    const value = bare(node);
    given.add(value);
    if (ts.isIdentifier(value)) {
      const initial = givenTo(value);
      if (initial !== null) given.add(bare(initial));
    } else if (ts.isObjectLiteralExpression(value)) {
      for (const property of value.properties) {
        if (ts.isPropertyAssignment(property)) add(property.initializer);
        else if (ts.isShorthandPropertyAssignment(property)) add(property.name);
      }
    }
  };
  if (!ts.isBlock(around.body)) add(around.body as ts.Expression);
  else
    walk(around.body, (node) => {
      if (ts.isReturnStatement(node) && node.expression !== undefined) add(node.expression);
      return !isFunction(node);
    });
  return given;
}
