/** What the functions of a file of Python do: which state they change, whom they wait for, which requests they answer. */

import type { Project } from "../../project.ts";
import { moduleIn } from "../../tree/python/modules.ts";
import {
  bare,
  below,
  bodyOf,
  calledName,
  classAround,
  field,
  functionAround,
  nameOf,
  type PyNode,
  parametersOf,
  positional,
  receiverOf,
  stringOf,
  stringPieces,
  textOf,
} from "../../tree/python/nodes.ts";
import { type Change, onlyAsks, type Work } from "./module-facts.ts";
import { changeOfSql } from "./typescript-work.ts";

/** Packages that speak with something outside. */
const outside = new Set(
  "httpx requests aiohttp urllib urllib3 stripe openai anthropic boto3 aioboto3 aiosmtplib smtplib grpc websockets".split(
    " ",
  ),
);

/** Methods of a session of SQLAlchemy that change something. */
const sessionMethods: Readonly<Record<string, string>> = {
  add: "adds to a session",
  add_all: "adds to a session",
  merge: "merges into a session",
  delete: "deletes in a session",
  commit: "commits a session",
};

const verbs = new Set(["post", "put", "patch", "delete"]);

export function pythonWork(project: Project, file: string): readonly Work[] {
  const source = project.python.source(file);
  return source.of("function_definition").map((node) => {
    const owner = classAround(node);
    const own = below(node, "call").filter((call) => functionAround(call) === node);
    const changes = changesIn(project, node, own);
    const others = own.flatMap((call) => callOfOther(project, call, owner) ?? []);
    return {
      name: nameOf(node),
      owner: owner === null ? null : nameOf(owner),
      place: node,
      parameters: namesOf(project, node),
      changes,
      external: [
        ...own.flatMap((call) => externalOf(project, call) ?? []),
        ...others.map(({ module, called }) => `${module}.${called}`),
      ],
      tells: others.filter(({ called }) => !onlyAsks(called)).map(({ module }) => module),
      calls: new Set(own.flatMap((call) => calledName(call) ?? [])),
      publishes: [],
      route: routeOf(node),
    };
  });
}

function changesIn(project: Project, definition: PyNode, calls: readonly PyNode[]): readonly Change[] {
  const made = calls.find((call) => isModel(project, call));
  const model = made === undefined ? null : (calledName(made) ?? null);
  const found = calls.flatMap((call): Change[] => {
    const name = calledName(call) ?? "";
    const statement = positional(call)[0];
    if (
      (name === "text" || name === "execute" || name === "fetchrow" || name === "fetch") &&
      statement !== undefined
    ) {
      const change = changeOfSql(stringPieces(statement).join(" "));
      if (change !== null) return [change];
    }
    const built =
      ["insert", "update", "delete"].includes(name) && receiverOf(call) === null
        ? positional(call)[0]
        : undefined;
    if (built !== undefined && isClass(project, built))
      return [
        {
          what: `${{ insert: "inserts into", update: "updates", delete: "deletes from" }[name]} ${textOf(built)}`,
          subject: textOf(built),
        },
      ];
    const what = sessionMethods[name];
    if (what === undefined || !isSession(call)) return [];
    return [
      { what: model === null ? what : what.replace("a session", `a session (${model})`), subject: model },
    ];
  });
  // A session that only reads is not committed; what is added or assigned before the commit is one change.
  const told = new Map(found.map((change) => [change.what, change]));
  const isCommitted = found.some(({ what }) => what.startsWith("commits"));
  if (!isCommitted) return [...told.values()];
  const assigned = assignedAttributes(definition);
  const rest = [...told.values()].filter(({ what }) => !what.startsWith("commits"));
  if (rest.length > 0) return rest;
  return [
    {
      what: assigned.length > 0 ? `sets ${assigned.join(", ")} and commits` : "commits a session",
      subject: model,
    },
  ];
}

/** `session.add`, `self.db.commit`: not `set.add` of a value that is a set. */
function isSession(call: PyNode): boolean {
  const receiver = receiverOf(call);
  if (receiver === null) return false;
  if (calledName(call) !== "add") return /session|db|tx|transaction|conn|uow/i.test(textOf(receiver));
  return /session|db|uow/i.test(textOf(receiver));
}

/** `status` of `booking.status = …`, when the receiver is not the object itself. */
function assignedAttributes(definition: PyNode): readonly string[] {
  return [
    ...new Set(
      below(definition, "assignment").flatMap((node) => {
        const left = field(node, "left");
        const object = left?.type === "attribute" ? field(left, "object") : null;
        const attribute = left?.type === "attribute" ? field(left, "attribute") : null;
        return object === null || attribute === null || textOf(object) === "self" ? [] : [textOf(attribute)];
      }),
    ),
  ];
}

/** A class with a table. */
function isModel({ python }: Project, call: PyNode): boolean {
  const callee = field(call, "function");
  const definition = callee === null ? null : (python.names.originOf(callee)?.definition ?? null);
  return (
    definition?.type === "class_definition" &&
    below(definition, "identifier").some((name) => textOf(name) === "__tablename__")
  );
}

const isClass = ({ python }: Project, node: PyNode) =>
  python.names.originOf(node)?.definition?.type === "class_definition";

function externalOf({ python }: Project, call: PyNode): string | null {
  const callee = field(call, "function");
  const origin = callee === null ? null : python.names.originOf(callee);
  const root = origin?.module.split(".")[0] ?? "";
  return origin?.file === null && outside.has(root) ? root : null;
}

/** A method or function of another module: of what a name stands for, of `Service(…)`, or of `self.x` that was given one. */
function callOfOther(
  { python }: Project,
  call: PyNode,
  owner: PyNode | null,
): { readonly module: string; readonly called: string } | null {
  const receiver = receiverOf(call);
  const called = calledName(call);
  if (called === null) return null;
  const made = receiver === null ? field(call, "function") : madeBy(receiver, owner);
  const origin = made === null ? null : python.names.originOf(made);
  const from = origin === null ? null : moduleIn(origin.module);
  if (from === null || from.name === python.moduleOf(call.file)?.name) return null;
  // To make a service is not to call it yet.
  if (receiver === null && origin?.definition?.type !== "function_definition") return null;
  return { module: from.name, called };
}

/** The class or module that a receiver stands for. */
function madeBy(receiver: PyNode, owner: PyNode | null): PyNode | null {
  const value = bare(receiver);
  if (value.type === "call") return field(value, "function");
  if (owner === null || !textOf(value).startsWith("self.")) return value;
  const given = below(owner, "assignment").find((node) => {
    const left = field(node, "left");
    return left !== null && textOf(left) === textOf(value);
  });
  const right = given === undefined ? null : field(given, "right");
  return right?.type === "call" ? field(right, "function") : null;
}

/** Names of parameters, and of the fields of a request that is one. */
function namesOf({ python }: Project, definition: PyNode): readonly string[] {
  return parametersOf(definition).flatMap(({ name, annotation }) => {
    if (name === "self" || name === "cls") return [];
    const type =
      annotation === null ? null : annotation.type === "type" ? (annotation.children[0] ?? null) : annotation;
    const origin = type === null ? null : python.names.originOf(type);
    // A request is the module's own; an event or a session is not.
    const isOwn = origin?.file != null && python.moduleOf(origin.file) === python.moduleOf(definition.file);
    const fields =
      isOwn && origin?.definition?.type === "class_definition" ? fieldsOf(origin.definition) : [];
    return fields.length > 0 && fields.length < 30 ? fields : [name];
  });
}

/** Annotated names of a class. */
function fieldsOf(definition: PyNode): readonly string[] {
  return bodyOf(definition).flatMap((statement) => {
    const assignment = statement.type === "expression_statement" ? statement.children[0] : statement;
    const left = assignment?.type === "assignment" ? field(assignment, "left") : null;
    const isTyped = assignment !== undefined && field(assignment, "type") !== null;
    return left?.type === "identifier" && isTyped ? [textOf(left)] : [];
  });
}

/** `@router.post("/{id}")` above it. */
function routeOf(definition: PyNode): string | null {
  const { parent } = definition;
  if (parent?.type !== "decorated_definition") return null;
  for (const decorator of parent.children) {
    const call =
      decorator.type === "decorator" ? decorator.children.find(({ type }) => type === "call") : undefined;
    const name = call === undefined ? null : calledName(call);
    if (call === undefined || name === null || !verbs.has(name)) continue;
    return `${name.toUpperCase()} ${stringOf(positional(call)[0] ?? null) ?? ""}`.trim();
  }
  return null;
}
