/** Events as a project defines them, by `defineEvent` or by a function of its own, and what an expression says of them. */

import ts from "typescript";
import type { Bindings } from "../names/bindings.ts";
import { notKnown } from "../names/literals.ts";
import { isPlain } from "../names/package-values.ts";
import { declarationOf, givenTo } from "../names/scope.ts";
import type { Values } from "../names/values.ts";
import { textOf } from "../names/written.ts";
import { bare, nameOf, stringOf } from "../syntax/source.ts";
import { callsThrough, type EventHelper } from "./event-helpers.ts";

/** `defineEvent(…)` */
export interface DefinedEvent {
  readonly file: string;
  readonly call: ts.CallExpression;
  /** The name of the value, e.g. `courseOutlineCreated`; null: it has none. */
  readonly name: string | null;
  /** Null: it is worked out at run time. */
  readonly type: string | null;
  readonly options: ts.ObjectLiteralExpression | null;
  /** As `module` says; null: not told, or worked out at run time. */
  readonly module: string | null;
  /** What its options stand for, with all that comes in by a spread or a function; an object, or not known. */
  given(): unknown;
}

/** The name of the variable that a value is given to. */
function nameOfValue(node: ts.Node): string | null {
  let at = node.parent;
  while (
    at !== undefined &&
    (ts.isParenthesizedExpression(at) || ts.isSatisfiesExpression(at) || ts.isAsExpression(at))
  )
    at = at.parent;
  return at !== undefined && ts.isVariableDeclaration(at) && ts.isIdentifier(at.name) ? at.name.text : null;
}

export function readEvent(file: string, call: ts.CallExpression, values: Values): DefinedEvent {
  const [type, second] = call.arguments;
  const named = second === undefined ? null : values.objectOf(file, second);
  // Where it is written is where its names mean something.
  const options = named !== null && named.file === file ? named.node : null;
  const module = options === null ? null : values.optionOf(file, options, "module");
  const given = () => (second === undefined ? notKnown : values.valueOf(file, second));
  return {
    file,
    call,
    name: nameOfValue(call),
    type: textOf(file, type, values),
    options,
    module: module === null ? moduleIn(given()) : textOf(module.file, module.node, values),
    given,
  };
}

function moduleIn(given: unknown): string | null {
  const module = isPlain(given) ? given.module : null;
  return typeof module === "string" ? module : null;
}

/** What a call of a helper says of the event that it defines. */
export function readCallOf(
  helper: EventHelper,
  file: string,
  call: ts.CallExpression,
  values: Values,
): Partial<DefinedEvent> {
  const { optionsAt, options, typeAt, type: written } = helper;
  const given = optionsAt === -1 ? undefined : call.arguments[optionsAt];
  const named = given === undefined ? null : values.objectOf(file, given);
  const own = named !== null && named.file === file ? { options: named.node } : {};
  const through = callsThrough(helper, call);
  const within = (node: ts.Expression) =>
    through.length === 0 ? notKnown : values.valueIn(node.getSourceFile().fileName, node, through);
  const put = within(written);
  const direct = typeAt === -1 ? null : textOf(file, call.arguments[typeAt], values);
  const type = direct ?? (typeof put === "string" ? put : null);
  const wholly = () => (options === null ? notKnown : within(options));
  const module = moduleIn(wholly());
  return {
    call,
    name: nameOfValue(call),
    type,
    given: wholly,
    ...own,
    ...(module === null ? {} : { module }),
  };
}

/** By the call that defines them: a function may define several at once. */
export type DefinedEvents = Map<ts.Node, DefinedEvent[]>;

export function put(events: DefinedEvents, call: ts.Node, event: DefinedEvent): void {
  const known = events.get(call);
  if (known === undefined) events.set(call, [event]);
  else known.push(event);
}

/** An expression, in the file in which it stands. */
interface Written {
  readonly file: string;
  readonly node: ts.Expression;
}

const maxNames = 4;

/** The events that an expression may stand for: of a list and of a choice all. @param steps names that may be followed */
export function eventsNamed(
  events: DefinedEvents,
  bindings: Bindings,
  { file, node }: Written,
  steps = maxNames,
): readonly DefinedEvent[] {
  const ofPart = (part: Written, left: number) => eventsNamed(events, bindings, part, left);
  const value = bare(node);
  if (ts.isConditionalExpression(value))
    return [value.whenTrue, value.whenFalse].flatMap((one) => ofPart({ file, node: one }, steps));
  if (ts.isArrayLiteralExpression(value))
    return value.elements.flatMap((element) =>
      ofPart({ file, node: ts.isSpreadElement(element) ? element.expression : element }, maxNames),
    );
  const found = events.get(value);
  if (found !== undefined) return found;
  if (steps === 0) return [];
  const list = listBehind(value);
  if (list !== null) return ofPart({ file, node: list }, steps - 1);
  const whole = valuesTaken(value);
  if (whole !== null)
    return (objectNamed(file, whole, bindings) ?? []).flatMap((member) => ofPart(member, steps - 1));
  const origin = bindings.originOfExpression(file, value);
  const local = ts.isIdentifier(value) ? givenTo(value) : null;
  if (local !== null && origin?.value !== local) return ofPart({ file, node: local }, steps - 1);
  const members = membersOf(file, value, bindings);
  if (members !== null) return members.flatMap((member) => ofPart(member, steps - 1));
  if (origin === null || origin.value === null || origin.file === null) return [];
  const defined = bare(origin.value);
  if (defined === value) return [];
  return ts.isArrayLiteralExpression(defined)
    ? ofPart({ file: origin.file, node: defined }, maxNames)
    : (events.get(defined) ?? []);
}

/** The list of which it is one: `list.at(0)`, `one` of `for (const one of list)` and of `list.map((one) => …)`. */
function listBehind(value: ts.Expression): ts.Expression | null {
  if (ts.isCallExpression(value)) {
    const callee = bare(value.expression);
    return ts.isPropertyAccessExpression(callee) && callee.name.text === "at" ? callee.expression : null;
  }
  const declared = ts.isIdentifier(value) ? declarationOf(value) : null;
  if (declared === null) return null;
  const around = declared.parent.parent;
  if (ts.isVariableDeclaration(declared)) return ts.isForOfStatement(around) ? around.expression : null;
  if (!ts.isParameter(declared) || !ts.isCallExpression(around) || around.arguments[0] !== declared.parent)
    return null;
  const callee = bare(around.expression);
  const isFirst = declared.parent.parameters[0] === declared;
  return isFirst &&
    ts.isPropertyAccessExpression(callee) &&
    /^(?:map|flatMap|forEach)$/.test(callee.name.text)
    ? callee.expression
    : null;
}

/** What `Object.values(…)` is given; null: it is something else. */
const valuesTaken = (value: ts.Expression): ts.Expression | null =>
  ts.isCallExpression(value) && value.expression.getText() === "Object.values"
    ? (value.arguments[0] ?? null)
    : null;

/** All that stands in an object that is written down. */
function objectNamed(file: string, node: ts.Expression, bindings: Bindings): readonly Written[] | null {
  const value = bare(node);
  const named = ts.isIdentifier(value)
    ? (givenTo(value) ?? bindings.originOf(file, value.text)?.value ?? null)
    : value;
  const object = named === null ? null : bare(named);
  return object !== null && ts.isObjectLiteralExpression(object) ? membersIn(object, null) : null;
}

/** `events.lent` and `events[kind]`, of an object that is written down; all that it may be. Null: it is none of these. */
function membersOf(file: string, node: ts.Expression, bindings: Bindings): readonly Written[] | null {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return null;
  const owner = bare(node.expression);
  if (!ts.isIdentifier(owner)) return null;
  const name = ts.isPropertyAccessExpression(node) ? node.name.text : stringOf(node.argumentExpression);
  const local = givenTo(owner);
  const origin = bindings.originOf(file, owner.text);
  if (local === null && origin?.name === "*" && name !== null && ts.isElementAccessExpression(node)) {
    const value = bindings.memberOf(file, owner.text, name);
    return value === null || value.value === null || value.file === null
      ? []
      : [{ file: value.file, node: value.value }];
  }
  const given = local ?? origin?.value ?? null;
  const object = given === null ? null : bare(given);
  if (object === null || !ts.isObjectLiteralExpression(object)) return null;
  return membersIn(object, name);
}

/** @param name null: all of them */
const membersIn = (object: ts.ObjectLiteralExpression, name: string | null): readonly Written[] =>
  object.properties.flatMap((property) => {
    if (property.name === undefined || (name !== null && nameOf(property.name) !== name)) return [];
    const value = ts.isPropertyAssignment(property)
      ? property.initializer
      : ts.isShorthandPropertyAssignment(property)
        ? property.name
        : null;
    return value === null ? [] : [{ file: object.getSourceFile().fileName, node: value }];
  });
