/** B-5: what tells listeners of its own isolate, where more than one function can reach it. */

import { posix } from "node:path";
import ts from "typescript";
import type { Project } from "../../project.ts";
import type { Bindings } from "../../tree/names/bindings.ts";
import type { Import } from "../../tree/names/imports.ts";
import { givenTo, isGlobal } from "../../tree/names/scope.ts";
import { bare, isFunction } from "../../tree/syntax/source.ts";
import { type Looked, sourcesWith } from "../scope-of-rules.ts";

/** A bus beside the event stream, and where it stands. */
export interface Bus {
  readonly looked: Looked;
  readonly at: ts.Node;
  readonly what: string;
}

const mentions = /EventEmitter|EventTarget|BroadcastChannel|["'](?:node:)?events["']|globalThis|\bglobal\b/;
const eventsModule = /^(?:node:)?events$/;
const platform = new Set(["EventTarget", "BroadcastChannel"]);

/** In modules, and in what modules import. */
export function* emittersOf(project: Project): Generator<Bus> {
  for (const looked of sourcesWith(project, mentions)) {
    const found = [...importsOf(project, looked), ...madeIn(project, looked), ...registriesIn(looked)];
    if (found.length === 0 || (looked.module === null && !isUsedByModules(project, looked.file))) continue;
    yield* found;
  }
}

/** `import { EventEmitter } from "node:events"`; `once` of it, say, is none. */
function* importsOf(project: Project, looked: Looked): Generator<Bus> {
  for (const found of project.typescript.bindings.importsOf(looked.file)) {
    const { specifier, node, isTypeOnly } = found;
    if (isTypeOnly || !eventsModule.test(specifier) || !takesEmitter(found, looked.text)) continue;
    yield { looked, at: node, what: `"${specifier}"` };
  }
}

function takesEmitter({ node }: Import, text: string): boolean {
  if (/\bEventEmitter\b/.test(node.getText())) return true;
  // A module that is loaded by `import()`.
  if (ts.isCallExpression(node)) return /\bEventEmitter\b/.test(text);
  if (!ts.isImportDeclaration(node)) return false;
  const { name, namedBindings } = node.importClause ?? {};
  // Its default export is the class.
  if (name !== undefined) return true;
  return (
    namedBindings !== undefined &&
    ts.isNamespaceImport(namedBindings) &&
    new RegExp(`\\b${namedBindings.name.text}\\.(?:EventEmitter|default)\\b`).test(text)
  );
}

/** Made once for the file, and not for one call; a class of them is made to be one. */
function* madeIn({ typescript: { bindings } }: Project, looked: Looked): Generator<Bus> {
  for (const node of looked.nodes.news) {
    const name = platformName(bindings, node.expression);
    if (name !== null && (name === "BroadcastChannel" || !isInFunction(node)))
      yield { looked, at: node, what: name };
  }
  for (const statement of looked.nodes.classes)
    for (const { token, types } of statement.heritageClauses ?? []) {
      const name =
        token === ts.SyntaxKind.ExtendsKeyword && types[0] !== undefined
          ? platformName(bindings, types[0].expression)
          : null;
      if (name !== null) yield { looked, at: statement.name ?? statement, what: name };
    }
}

/** `EventTarget` of the platform, also by another name. */
function platformName(bindings: Bindings, node: ts.Expression, steps = 3): string | null {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value)) {
    const isOfPlatform = /^(?:globalThis|self|global)$/.test(value.expression.getText());
    return isOfPlatform && platform.has(value.name.text) ? value.name.text : null;
  }
  if (!ts.isIdentifier(value)) return null;
  if (platform.has(value.text) && isGlobal(bindings, value)) return value.text;
  const given = steps === 0 ? null : givenTo(value);
  return given === null ? null : platformName(bindings, given, steps - 1);
}

const registryName = /listener|handler|subscriber|observer|callback|emitter|event_?bus/i;

/** `globalThis.orderListeners ??= []` */
function* registriesIn(looked: Looked): Generator<Bus> {
  for (const node of looked.nodes.binaries) {
    const { kind } = node.operatorToken;
    if (kind !== ts.SyntaxKind.EqualsToken && kind !== ts.SyntaxKind.QuestionQuestionEqualsToken) continue;
    const target = bare(node.left);
    if (!ts.isPropertyAccessExpression(target) && !ts.isElementAccessExpression(target)) continue;
    if (!/^(?:globalThis|self|global)$/.test(bare(target.expression).getText())) continue;
    const name = ts.isPropertyAccessExpression(target)
      ? target.name.text
      : target.argumentExpression.getText();
    if (registryName.test(name) && isCollection(node.right))
      yield { looked, at: node, what: `${target.getText().slice(0, 60)} of the isolate` };
  }
}

function isCollection(node: ts.Expression): boolean {
  const value = bare(node);
  if (ts.isBinaryExpression(value)) return isCollection(value.right);
  return (
    ts.isArrayLiteralExpression(value) ||
    ts.isObjectLiteralExpression(value) ||
    (ts.isNewExpression(value) && /^(?:Weak)?(?:Set|Map)$|Array$/.test(value.expression.getText()))
  );
}

function isInFunction(node: ts.Node): boolean {
  for (let at = node.parent; at !== undefined; at = at.parent) if (isFunction(at)) return true;
  return false;
}

/** Whether a module imports the file. */
export function isUsedByModules({ files, typescript }: Project, file: string): boolean {
  const name = posix.basename(file).replace(/\.\w+$/, "");
  return typescript.modules.some((module) =>
    module.files.some(
      (path) =>
        files.files.get(path)?.text.includes(name) === true &&
        typescript.bindings.importsOf(path).some((found) => found.file === file),
    ),
  );
}
