/**
 * What an expression stands for, where that is seen without running anything of the project: literals, constants, spreads,
 * functions that only put something together, and schemas, which zod itself makes anew from the calls that are written.
 */

import * as charterPackage from "@brain/schemas";
import ts from "typescript";
import * as zod from "zod";
import {
  bare,
  type FunctionNode,
  isFunction,
  nameOf,
  resultOf,
  type SourceFile,
  topStatement,
} from "../syntax/source.ts";
import type { Bindings, Origin } from "./bindings.ts";
import { foldedText } from "./folded-texts.ts";
import { literalOf, notKnown } from "./literals.ts";
import { type Objects, readObjects } from "./objects.ts";
import {
  charterFunctions,
  isCheck,
  isOfZod,
  isPlain,
  isSchema,
  member,
  refusedNames,
  type Schema,
} from "./package-values.ts";
import { declarationOf } from "./scope.ts";

type Scope = ReadonlyMap<string, unknown>;

/** A function of the project. */
class Written {
  readonly file: string;
  readonly node: FunctionNode;
  readonly scope: Scope;
  constructor(file: string, node: FunctionNode, scope: Scope) {
    this.file = file;
    this.node = node;
    this.scope = scope;
  }
}

/** Where a schema was written. */
export interface SchemaSource {
  /** The expression that makes it. */
  readonly node: ts.Expression;
  /** The property of an object that holds it; null: it stands alone. */
  readonly property: ts.ObjectLiteralElementLike | null;
}

export interface Values extends Objects {
  /** {@link notKnown} where it cannot be told; objects and lists hold it where a part of them cannot. */
  valueOf(file: string, node: ts.Expression): unknown;
  /** Null: it is no schema that {@link valueOf} gave. */
  sourceOf(schema: unknown): SchemaSource | null;
}

const maxDepth = 60;
export function readValues(bindings: Bindings, source: (path: string) => SourceFile): Values {
  const known = new Map<ts.Node, unknown>();
  const sources = new WeakMap<object, SchemaSource>();
  let depth = 0;

  function evaluate(file: string, node: ts.Expression, scope: Scope = new Map()): unknown {
    if (scope.size === 0 && known.has(node)) return known.get(node);
    if (depth >= maxDepth) return notKnown;
    depth++;
    try {
      const value = read(file, bare(node), scope);
      if (scope.size === 0) known.set(node, value);
      return value;
    } catch {
      // zod refuses what it was given; the project's own start would tell.
      return notKnown;
    } finally {
      depth--;
    }
  }

  function read(file: string, node: ts.Expression, scope: Scope): unknown {
    const literal = literalOf(node);
    if (literal !== notKnown) return literal;
    if (isFunction(node)) return new Written(file, node, scope);
    if (ts.isIdentifier(node)) return named(file, node, scope);
    if (ts.isArrayLiteralExpression(node)) return readList(file, node.elements, scope);
    if (ts.isObjectLiteralExpression(node)) return readObject(file, node, scope);
    if (ts.isPropertyAccessExpression(node)) return readProperty(file, node, scope);
    if (ts.isElementAccessExpression(node)) {
      const name = evaluate(file, node.argumentExpression, scope);
      return typeof name === "string" ? member(evaluate(file, node.expression, scope), name) : notKnown;
    }
    if (ts.isTemplateExpression(node)) return readTemplate(file, node, scope);
    if (ts.isBinaryExpression(node)) return joined(file, node, scope);
    if (ts.isCallExpression(node)) return readCall(file, node, scope);
    return notKnown;
  }

  function named(file: string, node: ts.Identifier, scope: Scope): unknown {
    if (scope.has(node.text)) return scope.get(node.text);
    const declared = declarationOf(node);
    if (declared === null) return ofOrigin(bindings.originOf(file, node.text));
    if (ts.isEnumDeclaration(declared)) return readEnum(file, declared);
    if (ts.isClassDeclaration(declared)) return readStatics(file, declared);
    if (isFunction(declared)) return new Written(file, declared, scope);
    const isConstant =
      ts.isVariableDeclaration(declared) && (declared.parent.flags & ts.NodeFlags.Const) !== 0;
    return isConstant && declared.initializer !== undefined
      ? evaluate(file, declared.initializer, scope)
      : notKnown;
  }

  function ofOrigin(origin: Origin | null): unknown {
    if (origin === null) return notKnown;
    if (origin.package === "zod")
      return origin.name === "*" || origin.name === "default" ? zod : member(zod, origin.name);
    if (origin.package === "@brain/schemas" && origin.value === null)
      return member(charterPackage, origin.name);
    if (origin.file === null) return notKnown;
    if (origin.value !== null)
      return isReassignable(origin.value) ? notKnown : evaluate(origin.file, origin.value);
    const written = topStatement(source(origin.file).ast, origin.name);
    if (written === null) return notKnown;
    if (ts.isEnumDeclaration(written)) return readEnum(origin.file, written);
    if (ts.isClassDeclaration(written)) return readStatics(origin.file, written);
    return isFunction(written) ? new Written(origin.file, written, new Map()) : notKnown;
  }

  /** `` `${prefix}.created` ``, where all its parts are known. */
  function readTemplate(file: string, { head, templateSpans }: ts.TemplateExpression, scope: Scope): unknown {
    let text = head.text;
    for (const { expression, literal } of templateSpans) {
      const part = evaluate(file, expression, scope);
      if (typeof part !== "string" && typeof part !== "number") return notKnown;
      text += part + literal.text;
    }
    return text;
  }

  /** `prefix + ".created"` */
  function joined(file: string, node: ts.BinaryExpression, scope: Scope): unknown {
    if (node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return notKnown;
    const [left, right] = [evaluate(file, node.left, scope), evaluate(file, node.right, scope)];
    return typeof left === "string" && typeof right === "string" ? left + right : notKnown;
  }

  /** Members that say their value. */
  function readEnum(file: string, { members }: ts.EnumDeclaration): unknown {
    const found: Record<string, unknown> = {};
    for (const { name, initializer } of members) {
      const key = nameOf(name);
      if (key !== null && key !== "__proto__")
        found[key] = initializer === undefined ? notKnown : evaluate(file, initializer);
    }
    return found;
  }

  /** `static readonly` members of a class. */
  function readStatics(file: string, { members }: ts.ClassLikeDeclaration): unknown {
    const found: Record<string, unknown> = {};
    for (const one of members) {
      if (!ts.isPropertyDeclaration(one) || one.initializer === undefined) continue;
      const has = (kind: ts.SyntaxKind) => one.modifiers?.some((modifier) => modifier.kind === kind) === true;
      const key = nameOf(one.name);
      if (has(ts.SyntaxKind.StaticKeyword) && has(ts.SyntaxKind.ReadonlyKeyword) && key !== null)
        found[key] = evaluate(file, one.initializer);
    }
    return found;
  }

  function readList(file: string, elements: ts.NodeArray<ts.Expression>, scope: Scope): unknown {
    return elements.flatMap((element) => {
      if (!ts.isSpreadElement(element)) return [evaluate(file, element, scope)];
      const value = evaluate(file, element.expression, scope);
      return Array.isArray(value) ? value : [notKnown];
    });
  }

  function readObject(file: string, node: ts.ObjectLiteralExpression, scope: Scope): unknown {
    const found: Record<string, unknown> = {};
    for (const property of node.properties) {
      if (ts.isSpreadAssignment(property)) {
        const value = evaluate(file, property.expression, scope);
        if (isPlain(value)) Object.assign(found, value);
        continue;
      }
      const name = property.name === undefined ? null : nameOf(property.name);
      if (name === null || name === "__proto__") continue;
      const value = ts.isPropertyAssignment(property)
        ? property.initializer
        : ts.isShorthandPropertyAssignment(property)
          ? property.name
          : null;
      const read = value === null ? notKnown : evaluate(file, value, scope);
      found[name] = isSchema(read) && value !== null ? ownField(read, value, property) : read;
    }
    return found;
  }

  /** Each field has a schema of its own, so that one can tell where it was written; what is named stands elsewhere too. */
  function ownField(schema: Schema, node: ts.Expression, property: ts.ObjectLiteralElementLike): Schema {
    const mark = schema.meta()?.["x-brain-pii"] as { readonly subject: string } | undefined;
    const copy = schema.clone(undefined, { parent: true });
    const own = mark === undefined ? copy : charterPackage.pii(copy, mark);
    sources.set(own, { node, property });
    return own;
  }

  function readProperty(file: string, node: ts.PropertyAccessExpression, scope: Scope): unknown {
    const origin = scope.size === 0 ? bindings.originOfExpression(file, node) : null;
    if (origin !== null && origin.package !== "zod") return ofOrigin(origin);
    return member(evaluate(file, node.expression, scope), node.name.text);
  }

  function readCall(file: string, node: ts.CallExpression, scope: Scope): unknown {
    const callee = bare(node.expression);
    const given = readList(file, node.arguments, scope) as unknown[];
    const made = isMethod(callee)
      ? callMethod(evaluate(file, callee.expression, scope), callee, given, file, scope)
      : call(evaluate(file, callee, scope), given);
    if (isSchema(made) && !sources.has(made)) sources.set(made, { node, property: null });
    return made;
  }

  function callMethod(
    owner: unknown,
    callee: ts.PropertyAccessExpression,
    given: unknown[],
    file: string,
    scope: Scope,
  ): unknown {
    const name = callee.name.text;
    if (!isSchema(owner)) {
      const folded = foldedText(owner, name, given);
      return folded === notKnown ? call(evaluate(file, callee, scope), given) : folded;
    }
    const method: unknown = refusedNames.has(name) ? null : Reflect.get(owner, name);
    if (typeof method !== "function") return notKnown;
    const made: unknown = Reflect.apply(method, owner, given.map(argument));
    return isSchema(made) ? made : notKnown;
  }

  function call(callee: unknown, given: unknown[]): unknown {
    if (callee instanceof Written) return callWritten(callee, given);
    const isOurs = charterFunctions.includes(callee);
    if (typeof callee !== "function" || !(isOurs || isOfZod(callee))) return notKnown;
    const made: unknown = Reflect.apply(callee, undefined, given.map(argument));
    return isOurs || isSchema(made) || isCheck(made) ? made : notKnown;
  }

  /** A function that is one expression. */
  function callWritten({ file, node, scope }: Written, given: unknown[]): unknown {
    const result = resultOf(node);
    if (result === null) return notKnown;
    const inside = new Map(scope);
    for (const [index, { name, initializer }] of node.parameters.entries()) {
      const value = index < given.length ? given[index] : initializer && evaluate(file, initializer, scope);
      if (ts.isIdentifier(name)) inside.set(name.text, value === undefined ? notKnown : value);
    }
    return evaluate(file, result, inside);
  }

  return {
    valueOf: (file, node) => evaluate(file, node),
    sourceOf: (schema) =>
      typeof schema === "object" && schema !== null ? (sources.get(schema) ?? null) : null,
    ...readObjects(bindings),
  };
}

/** What a `let` holds at another time is not known. */
function isReassignable({ parent }: ts.Expression): boolean {
  return (
    parent !== undefined &&
    ts.isVariableDeclaration(parent) &&
    (parent.parent.flags & ts.NodeFlags.Const) === 0
  );
}

const isMethod = (callee: ts.Expression): callee is ts.PropertyAccessExpression =>
  ts.isPropertyAccessExpression(callee);

/** As zod gets it: a function of the project is never called, so any will do. */
const argument = (value: unknown): unknown =>
  value instanceof Written || value === notKnown ? () => true : value;
