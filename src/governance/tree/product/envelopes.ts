/** Objects of a program that are events, or the `meta` of one: written by hand instead of by `publish`. */

import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { madeOf } from "../flow/made.ts";
import { calledFunction } from "../flow/reach.ts";
import { type Field, type Whole, wholeOf } from "../flow/wholes.ts";
import { declarationOf, parameterOwner } from "../names/scope.ts";
import { returnedBy } from "../names/shape.ts";
import { nodesOf } from "../syntax/nodes.ts";
import {
  bare,
  type FunctionNode,
  functionsAround,
  isFunction,
  nameOf,
  propertyOf,
  stringOf,
} from "../syntax/source.ts";
import { charterPackages } from "../workspaces.ts";
import { schemasPackage, type TypeScriptTree } from "./typescript.ts";

export interface Envelope extends Whole {
  readonly file: string;
  /** Null: it has none, or it is not written here. */
  readonly meta: Whole | null;
  /** What is put into it later: `event.type = …`. */
  readonly later: readonly LaterField[];
}

interface LaterField extends Field {
  readonly key: string;
}

export interface Meta extends Whole {
  readonly file: string;
  /** What an event has as its meta: a name, or a call that makes it. Null: it stands alone. */
  readonly given: ts.Expression | null;
}

/** A call of a function that makes an envelope of the type that it is given. */
export interface MadeEnvelope {
  readonly file: string;
  readonly call: ts.CallExpression;
}

export interface Envelopes {
  readonly events: readonly Envelope[];
  /** Also those that stand alone. */
  readonly metas: readonly Meta[];
  readonly made: readonly MadeEnvelope[];
}

const isolateEnvelopes = new WeakMap<TypeScriptTree, Envelopes>();

/** The packages that make envelopes are left out: they also make those of broken entries. */
export function envelopesOf(tree: TypeScriptTree, { files, workspaces }: ProjectFiles): Envelopes {
  const known = isolateEnvelopes.get(tree);
  if (known !== undefined) return known;
  const makers = charterPackages(workspaces);
  const isMakers = (path: string) => makers.some(({ folder }) => path.startsWith(`${folder}/`));
  const text = (path: string) => files.get(path)?.text ?? "";
  const events: Envelope[] = [];
  const metas: Meta[] = [];
  const functions = new Set<FunctionNode>();
  for (const file of tree.files) {
    if (isMakers(file) || !/\bpayload\b|\bmeta\b|schema_version|Envelope/.test(text(file))) continue;
    for (const whole of nodesOf(tree.source(file).ast).classes.flatMap((node) => wholeOfClass(node) ?? []))
      if (looksLikeEvent(tree, file, whole)) events.push({ ...whole, file, meta: null, later: [] });
    for (const node of objectsIn(tree.source(file).ast)) {
      const whole = mayBeEvent(node) ? wholeOf(tree, node) : null;
      const isEvent = whole !== null && (looksLikeEvent(tree, file, whole) || isTypedEvent(tree, file, node));
      const given = isEvent ? (whole.fields.get("meta")?.value ?? null) : null;
      const meta = given === null ? null : metaGiven(tree, given);
      const put = isEvent ? putLater(node) : null;
      if (isEvent)
        events.push({
          ...whole,
          file,
          isOpen: whole.isOpen || isTakenInOrFilled(node),
          meta,
          later: put?.event ?? [],
        });
      for (const field of put?.meta ?? []) {
        const fields = new Map([[field.key, field]]);
        metas.push({ node: field.name as ts.Expression, fields, isOpen: true, file, given: null });
      }
      if (meta !== null) metas.push({ ...meta, file: meta.node.getSourceFile().fileName, given });
      else if (!isEvent && ts.isObjectLiteralExpression(node) && looksLikeMeta(node)) {
        const alone = wholeOf(tree, node);
        if (alone !== null) metas.push({ ...alone, file, given: null });
      }
      const maker = isEvent || whole === null ? null : makerAround(tree, whole);
      if (maker !== null) functions.add(maker);
    }
  }
  const isKept = ({ node, given }: Meta, index: number) =>
    given === null
      ? !metas.some((other) => other.node === node && other.given !== null)
      : metas.findIndex((other) => other.node === node && other.given === given) === index;
  const found = { events, metas: metas.filter(isKept), made: callsOf(tree, functions, text) };
  isolateEnvelopes.set(tree, found);
  return found;
}

/** Those that are written down, and those that `Object.assign` makes. */
const objectsIn = (ast: ts.SourceFile): readonly (ts.ObjectLiteralExpression | ts.CallExpression)[] => {
  const { objects, calls } = nodesOf(ast);
  return [...objects, ...calls.filter(({ expression }) => expression.getText() === "Object.assign")];
};

/** Cheap: it has a payload, or takes something in. */
const mayBeEvent = (node: ts.ObjectLiteralExpression | ts.CallExpression): boolean =>
  ts.isCallExpression(node) ||
  node.properties.some(
    ({ name }) =>
      name === undefined || ts.isComputedPropertyName(name) || /^(?:payload|type|id)$/.test(name.getText()),
  );

function metaGiven(tree: TypeScriptTree, given: ts.Expression): Whole | null {
  const [inner, ...others] = madeOf(tree, given);
  return inner !== undefined && others.length === 0 ? wholeOf(tree, inner) : null;
}

/** The function that gives back an event of the type that it is given; null: it is none. */
function makerAround(tree: TypeScriptTree, { fields, node }: Whole): FunctionNode | null {
  const type = fields.get("type")?.value ?? null;
  const isShaped = ["id", "payload", "timestamp", "meta"].every((name) => fields.has(name));
  if (type === null || !isShaped || !ts.isIdentifier(bare(type))) return null;
  const [owner] = functionsAround(node);
  const declared = declarationOf(bare(type) as ts.Identifier);
  return owner !== undefined &&
    declared !== null &&
    parameterOwner(declared) === owner &&
    givesBack(tree, owner, node)
    ? owner
    : null;
}

const givesBack = (tree: TypeScriptTree, owner: FunctionNode, node: ts.Expression) =>
  returnedBy(owner).some((end) => madeOf(tree, end).includes(node));

function callsOf(
  tree: TypeScriptTree,
  makers: ReadonlySet<FunctionNode>,
  text: (path: string) => string,
): readonly MadeEnvelope[] {
  if (makers.size === 0) return [];
  const names = [...makers].map(
    ({ name, parent }) => name ?? (ts.isVariableDeclaration(parent) ? parent.name : undefined),
  );
  const words = names.flatMap((name) => (name !== undefined && ts.isIdentifier(name) ? [name.text] : []));
  return tree.files
    .filter((file) => words.some((word) => text(file).includes(word)))
    .flatMap((file) =>
      nodesOf(tree.source(file).ast).calls.flatMap((call) => {
        const called = calledFunction(tree, call.expression);
        return called !== null && makers.has(called) ? [{ file, call }] : [];
      }),
    );
}

/** `const base = { … }`, which another object takes in, or which gets further fields: what it lacks may stand there. */
function isTakenInOrFilled(node: ts.Expression): boolean {
  const { parent } = node;
  if (!ts.isVariableDeclaration(parent)) return false;
  return nodesOf(node.getSourceFile()).names.some(
    (name) => (ts.isSpreadAssignment(name.parent) || isFilled(name)) && declarationOf(name) === parent,
  );
}

/** `event.meta = …`, `Object.assign(event, …)` */
function isFilled(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isCallExpression(parent))
    return parent.arguments[0] === name && parent.expression.getText() === "Object.assign";
  return (
    (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) &&
    parent.expression === name &&
    ts.isBinaryExpression(parent.parent) &&
    parent.parent.left === parent &&
    parent.parent.operatorToken.kind === ts.SyntaxKind.EqualsToken
  );
}

/** What the file puts into an event, and into its meta, after it was made: under the name that it was given. */
function putLater(node: ts.Expression): Record<"event" | "meta", readonly LaterField[]> {
  const event: LaterField[] = [];
  const meta: LaterField[] = [];
  let at: ts.Node = node;
  while (
    ts.isAsExpression(at.parent) ||
    ts.isSatisfiesExpression(at.parent) ||
    ts.isParenthesizedExpression(at.parent)
  )
    at = at.parent;
  const declared = at.parent;
  if (!ts.isVariableDeclaration(declared)) return { event, meta };
  for (const { left, operatorToken, right } of nodesOf(node.getSourceFile()).binaries) {
    if (operatorToken.kind !== ts.SyntaxKind.EqualsToken) continue;
    const target = memberOf(left);
    const owner = target === null ? null : bare(target.owner);
    if (target === null || owner === null) continue;
    const field: LaterField = { key: target.key, name: left, value: right };
    if (ts.isIdentifier(owner)) {
      if (declarationOf(owner) === declared) event.push(field);
      continue;
    }
    const outer = memberOf(owner);
    const root = outer?.key === "meta" ? bare(outer.owner) : null;
    if (root !== null && ts.isIdentifier(root) && declarationOf(root) === declared) meta.push(field);
  }
  return { event, meta };
}

/** `event.type`, `event["type"]`; null: another expression, or a key that is worked out. */
function memberOf(node: ts.Expression): { readonly owner: ts.Expression; readonly key: string } | null {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value)) return { owner: value.expression, key: value.name.text };
  const key = ts.isElementAccessExpression(value) ? stringOf(value.argumentExpression) : null;
  return key !== null && ts.isElementAccessExpression(value) ? { owner: value.expression, key } : null;
}

/** Of the fields that its instances have; null: one of them is no field of an event. */
function wholeOfClass(node: ts.ClassLikeDeclaration): Whole | null {
  const fields = new Map<string, Field>();
  for (const member of node.members) {
    const key = member.name === undefined ? null : nameOf(member.name);
    const isOwn =
      !ts.canHaveModifiers(member) ||
      member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) !== true;
    if (key === null || !isOwn || member.name === undefined) continue;
    if (ts.isPropertyDeclaration(member))
      fields.set(key, { name: member.name, value: member.initializer ?? null });
    else if (ts.isGetAccessor(member)) fields.set(key, { name: member.name, value: null });
  }
  for (const parameter of node.members.find(ts.isConstructorDeclaration)?.parameters ?? [])
    if ((parameter.modifiers?.length ?? 0) > 0 && ts.isIdentifier(parameter.name))
      fields.set(parameter.name.text, { name: parameter.name, value: null });
  const isOpen = node.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword) === true;
  // Where it stands is all that is asked of it.
  return fields.has("payload") ? { node: (node.name ?? node) as ts.Expression, fields, isOpen } : null;
}

/** A payload, the name of an event, and a time or a meta: without both it is something that will become one. */
function looksLikeEvent(tree: TypeScriptTree, file: string, { fields }: Whole): boolean {
  if (!fields.has("payload") || !(fields.has("timestamp") || fields.has("meta"))) return false;
  const type = fields.get("type")?.value ?? null;
  if (type === null) return false;
  return madeOf(tree, type).some((end) => {
    const [name] = tree.values.valuesOf(end.getSourceFile().fileName, end);
    if (typeof name === "string") return name.includes(".") || /^[A-Z][a-z]+[A-Z]/.test(name);
    return ts.isPropertyAccessExpression(end) && tree.eventsOf(file, end.expression).length > 0;
  });
}

const takers = new Set(["encodeEntry", "encodeLogRecord", "encodeStored", "toCloudEvent"]);

/** Declared as an envelope, or given to what takes one. */
function isTypedEvent(tree: TypeScriptTree, file: string, node: ts.Expression): boolean {
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
