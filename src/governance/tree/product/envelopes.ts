/** Objects of a program that are events, or the `meta` of one: written by hand instead of by `publish`. */

import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { madeOf } from "../flow/made.ts";
import { declarationOf } from "../names/scope.ts";
import { nodesOf } from "../syntax/nodes.ts";
import { bare, isFunction, nameOf, propertyOf, propertyValue, stringOf } from "../syntax/source.ts";
import { charterPackages } from "../workspaces.ts";
import { schemasPackage, type TypeScriptTree } from "./typescript.ts";

export interface Envelope {
  readonly file: string;
  readonly node: ts.ObjectLiteralExpression;
  /** Some of it comes in by a spread. */
  readonly isOpen: boolean;
  /** Null: it has none, or it is not written here. */
  readonly meta: ts.ObjectLiteralExpression | null;
}

export interface Envelopes {
  readonly events: readonly Envelope[];
  /** Also those that stand alone. */
  readonly metas: readonly { readonly file: string; readonly node: ts.ObjectLiteralExpression }[];
}

const isolateEnvelopes = new WeakMap<TypeScriptTree, Envelopes>();

/** The packages that make envelopes are left out: they also make those of broken entries. */
export function envelopesOf(tree: TypeScriptTree, { files, workspaces }: ProjectFiles): Envelopes {
  const known = isolateEnvelopes.get(tree);
  if (known !== undefined) return known;
  const makers = charterPackages(workspaces);
  const isMakers = (path: string) => makers.some(({ folder }) => path.startsWith(`${folder}/`));
  const events: Envelope[] = [];
  const metas: Envelopes["metas"][number][] = [];
  for (const file of tree.files) {
    const text = files.get(file)?.text ?? "";
    if (isMakers(file) || !/\bpayload\s*[:,}]|schema_version|Envelope/.test(text)) continue;
    for (const node of nodesOf(tree.source(file).ast).objects) {
      const isEvent = looksLikeEvent(tree, file, node) || isTypedEvent(tree, file, node);
      const meta = isEvent ? objectAt(tree, node, "meta") : null;
      const isOpen = node.properties.some(ts.isSpreadAssignment) || isSpread(node);
      if (isEvent) events.push({ file, node, isOpen, meta });
      if (meta !== null || (!isEvent && looksLikeMeta(node)))
        metas.push({ file: (meta ?? node).getSourceFile().fileName, node: meta ?? node });
    }
  }
  const found = {
    events,
    metas: metas.filter(({ node }, index) => metas.findIndex((other) => other.node === node) === index),
  };
  isolateEnvelopes.set(tree, found);
  return found;
}

function objectAt(
  tree: TypeScriptTree,
  object: ts.ObjectLiteralExpression,
  name: string,
): ts.ObjectLiteralExpression | null {
  const value = propertyValue(object, name);
  const [inner, ...others] = value === null ? [] : madeOf(tree, value);
  return inner !== undefined && others.length === 0 && ts.isObjectLiteralExpression(inner) ? inner : null;
}

/** `const base = { … }`, which another object takes in: what it lacks may stand there. */
function isSpread(node: ts.ObjectLiteralExpression): boolean {
  const { parent } = node;
  if (!ts.isVariableDeclaration(parent)) return false;
  return nodesOf(node.getSourceFile()).names.some(
    (name) => ts.isSpreadAssignment(name.parent) && declarationOf(name) === parent,
  );
}

/** A payload, the name of an event, and a time or a meta: without both it is something that will become one. */
function looksLikeEvent(tree: TypeScriptTree, file: string, node: ts.ObjectLiteralExpression): boolean {
  if (propertyOf(node, "payload") === null) return false;
  const type = propertyValue(node, "type");
  if (type === null || (propertyOf(node, "timestamp") ?? propertyOf(node, "meta")) === null) return false;
  const name = stringOf(type) ?? tree.values.valueOf(file, type);
  if (typeof name === "string") return name.includes(".") || /^[A-Z][a-z]+[A-Z]/.test(name);
  const value = bare(type);
  return ts.isPropertyAccessExpression(value) && tree.eventsOf(file, value.expression).length > 0;
}

const takers = new Set(["encodeEntry", "encodeLogRecord", "encodeStored", "toCloudEvent"]);

/** Declared as an envelope, or given to what takes one. */
function isTypedEvent(tree: TypeScriptTree, file: string, node: ts.ObjectLiteralExpression): boolean {
  let at: ts.Node = node;
  while (ts.isParenthesizedExpression(at.parent)) at = at.parent;
  const { parent } = at;
  if (ts.isCallExpression(parent))
    return parent.arguments[0] === at && takers.has(tree.calledOf(file, parent, schemasPackage) ?? "");
  if (ts.isAsExpression(parent) || ts.isSatisfiesExpression(parent))
    return isEnvelope(tree, file, parent.type);
  if (ts.isVariableDeclaration(parent)) return isEnvelope(tree, file, parent.type);
  const owner = ts.isReturnStatement(parent) ? parent.parent.parent : parent;
  return isFunction(owner) && isEnvelope(tree, file, owner.type);
}

function isEnvelope(tree: TypeScriptTree, file: string, type: ts.TypeNode | undefined): boolean {
  if (type === undefined || !ts.isTypeReferenceNode(type) || !ts.isIdentifier(type.typeName)) return false;
  const origin = tree.bindings.originOf(file, type.typeName.text);
  return origin?.package === schemasPackage && origin.name === "Envelope";
}

function looksLikeMeta(node: ts.ObjectLiteralExpression): boolean {
  const has = (name: string) => propertyOf(node, name) !== null;
  const isShape = node.properties.some(
    (property) => ts.isPropertyAssignment(property) && isSchemaCall(property.initializer),
  );
  const isNamed = ts.isPropertyAssignment(node.parent) && nameOf(node.parent.name) === "meta";
  const isTakenIn = isNamed && node.properties.some(ts.isSpreadAssignment);
  return !isShape && has("schema_version") && (isTakenIn || has("producer") || has("source_module"));
}

/** `schema_version: z.int()` describes one. */
const isSchemaCall = (node: ts.Expression) => /^z\s*\./.test(node.getText());
