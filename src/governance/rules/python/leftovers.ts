/** What a migration leaves behind: switches, commented code, marks, imports. */

import type { Edit } from "../../finding.ts";
import { calledHere, callsByName } from "../../tree/python/flow.ts";
import type { PyNames } from "../../tree/python/names.ts";
import {
  around,
  below,
  calledName,
  contains,
  dottedName,
  field,
  lastName,
  type PyNode,
  type PySource,
  positional,
  stringOf,
  textOf,
} from "../../tree/python/nodes.ts";
import { parsePython } from "../../tree/python/parser.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import { publishersOf } from "../../tree/python/streams.ts";
import { lineText, positionOf } from "../../tree/text.ts";
import { oldFlags } from "../modules/leftovers.ts";
import { removalMark } from "../modules/removal-mark.ts";
import type { Check } from "../rule.ts";

/** Switches between the old path and events; the charter knows only BRAIN_EVENTSTREAM_MODE. */
const switchName =
  /^(?:USE_EVENTS?|USE_EVENT_?\w+|ENABLE_EVENTS?|ENABLE_EVENT_?\w+|EVENTS?_ENABLED|EVENT_?STREAM_(?:AVAILABLE|ENABLED)|(?:USE|ENABLE)_LEGACY\w*|LEGACY_(?:MODE|ENABLED))$/i;

/** Names that a place reads from the environment or from settings, or that are switches themselves. */
function switchesIn(node: PyNode): readonly string[] {
  const texts = below(node, "string").flatMap((text) => stringOf(text) ?? []);
  const names = [...below(node, "identifier")].map(textOf);
  return [...texts, ...names].filter((name) => switchName.test(name));
}

const parallelPaths: Check = ({ python }, report) => {
  for (const source of python.sources) {
    for (const branch of [...source.of("if_statement"), ...source.of("conditional_expression")]) {
      const condition =
        branch.type === "if_statement" ? field(branch, "condition") : (branch.children[1] ?? null);
      if (condition === null) continue;
      const [name] = switchesIn(condition);
      if (name !== undefined)
        report({ at: condition, message: `${name} chooses between the old path and events.` });
      else if (readsEnvironment(python.names, condition) && onlyOnePublishes(python, branch))
        report({
          at: condition,
          message: `A setting decides whether events are published: ${textOf(condition)}.`,
        });
    }
    // A switch that is only set aside is one all the same.
    for (const assignment of source.of("assignment")) {
      const right = field(assignment, "right");
      const isRead = right !== null && readsEnvironment(python.names, right);
      const [name] = isRead ? switchesIn(right) : [];
      if (name !== undefined)
        report({ at: assignment, message: `${name} is a switch between the old path and events.` });
    }
  }
};

const readsEnvironment = (names: PyNames, node: PyNode) =>
  below(node, "call").some((call) =>
    /^os\.(?:getenv|environ\.get)$/.test(fullName(names, field(call, "function") ?? call)),
  ) || below(node, "subscript").some((one) => fullName(names, field(one, "value") ?? one) === "os.environ");

/** `os.environ.get` for `env.get` behind `from os import environ as env`; what no import explains stays as it is written. */
function fullName(names: PyNames, node: PyNode): string {
  const [first = "", ...rest] = (dottedName(node) ?? "").split(".");
  const imported = names.importsOf(node.file).find(({ as }) => as === first);
  if (imported === undefined) return [first, ...rest].join(".");
  const { module, name } = imported;
  return [module, ...(name === null ? [] : [name]), ...rest].join(".");
}

function onlyOnePublishes({ published }: PythonTree, branch: PyNode): boolean {
  const publishers = publishersOf(published);
  const isPublish = (call: PyNode) =>
    published.some((one) => one.call === call) || publishers.has(calledHere(call) ?? call);
  const body = field(branch, "consequence");
  const other = branch.children.find(({ type }) => type === "else_clause");
  if (body === null || other === undefined) return false;
  const [inBody, inOther] = [body, other].map((part) => below(part, "call").some(isPublish));
  return inBody !== inOther;
}

/** The flags in code, and where the environment is asked for them; documents, comments and other texts may say them. */
const availability: Check = ({ python: { sources, names } }, report) => {
  const tell = (at: PyNode, flag: string) =>
    report({
      at,
      message:
        flag === "EVENT_STREAM_AVAILABLE"
          ? `${flag} asks whether the stream is there; it always is.`
          : `${flag} is a flag of the old event stream.`,
    });
  for (const source of sources) {
    if (!oldFlags.some((flag) => source.text.includes(flag))) continue;
    for (const name of source.of("identifier")) if (oldFlags.includes(textOf(name))) tell(name, textOf(name));
    for (const read of [...source.of("call"), ...source.of("subscript")]) {
      const key = read.type === "call" ? (positional(read)[0] ?? null) : field(read, "subscript");
      const flag = stringOf(key);
      if (flag !== null && oldFlags.includes(flag) && readsEnvironment(names, read)) tell(read, flag);
    }
  }
};

const modes = new Set(["required", "degraded"]);

const modeFlag: Check = ({ python: { sources } }, report) => {
  for (const source of sources) {
    if (!source.text.includes("BRAIN_EVENTSTREAM_MODE")) continue;
    for (const test of source.of("comparison_operator")) {
      if (!below(test, "string").some((text) => stringOf(text) === "BRAIN_EVENTSTREAM_MODE")) continue;
      const other = test.children.find((child) => child.type === "string");
      const mode = other === undefined ? null : stringOf(other);
      if (mode !== null && !modes.has(mode))
        report({ at: test, message: `The mode "${mode}" is none; there are required and degraded.` });
    }
    for (const call of callsByName(source).get("getenv") ?? []) {
      const [name, fallback] = positional(call);
      const mode = stringOf(fallback ?? null);
      if (stringOf(name ?? null) === "BRAIN_EVENTSTREAM_MODE" && mode !== null && mode !== "required")
        report({
          at: call,
          message: `Without BRAIN_EVENTSTREAM_MODE the mode would be "${mode}"; expected "required".`,
        });
    }
  }
};

/** Lines of comments that stand alone and follow each other. */
function commentBlocks(source: PySource): readonly (readonly PyNode[])[] {
  const blocks: PyNode[][] = [];
  let last = -2;
  for (const comment of source.of("comment")) {
    const { line, column } = positionOf(source, comment.start);
    if (
      lineText(source, line)
        .slice(0, column - 1)
        .trim() !== ""
    )
      continue;
    const block = blocks.at(-1);
    if (block !== undefined && line === last + 1) block.push(comment);
    else blocks.push([comment]);
    last = line;
  }
  return blocks;
}

const tools = /^#\s*(?:type:|noqa|pylint|fmt:|isort:|pragma|charter-ignore|!|-\*-|region|endregion)/;

const commentedCode: Check = ({ python: { sources } }, report) => {
  for (const source of sources) {
    for (const block of commentBlocks(source)) {
      const first = block.find((comment) => isCode(textOf(comment)));
      if (first !== undefined)
        report({ at: first, message: `Code is commented out: ${textOf(first).replace(/^#\s*/, "")}` });
    }
  }
};

/** Cheap: what is no code has none of it. */
const codeLike =
  /[\w)\]]\(|[\w\])] [-+*/|]?= \S|^(?:from\s+[\w.]+\s+import|import\s+[\w.]+\.\w+)\b|^(?:el)?if .+:$|^(?:await|async) /;

/**
 * Reads like Python, and does something: assigns, calls a method, waits, imports. A lone `name()` is as often a word of a
 * sentence, as is `name=value`.
 */
function isCode(comment: string): boolean {
  if (tools.test(comment)) return false;
  const text = comment.replace(/^#+ ?/, "").trim();
  if (!codeLike.test(text)) return false;
  const whole = text.endsWith(":") ? `${text}\n    pass\n` : `${text}\n`;
  const { root, errors } = parsePython({ path: "comment.py", text: whole });
  const [statement] = root.children;
  if (errors.length > 0 || statement === undefined || root.children.length !== 1) return false;
  if (statement.type !== "expression_statement") return statement.type !== "print_statement";
  const [inner] = statement.children;
  if (inner === undefined || statement.children.length > 1) return false;
  if (inner.type === "assignment") return field(inner, "right") !== null;
  if (inner.type === "await" || inner.type === "augmented_assignment") return true;
  const callee = inner.type === "call" ? field(inner, "function") : null;
  return callee?.type === "attribute" && !/\s/.test(textOf(callee));
}

const marks: Check = ({ python: { sources } }, report) => {
  for (const source of sources)
    for (const comment of source.of("comment"))
      if (textOf(comment).search(removalMark) !== -1)
        report({ at: comment, message: "A mark says that something is to be removed; remove it." });
};

const unusedImports: Check = ({ python: { sources, names } }, report) => {
  for (const source of sources) {
    if (source.path.endsWith("__init__.py")) continue;
    const imported = names
      .importsOf(source.path)
      .filter(({ as, module }) => as !== null && module !== "__future__");
    if (imported.length === 0) continue;
    const statements = [...source.of("import_statement"), ...source.of("import_from_statement")];
    const used = new Set(
      source
        .of("identifier")
        .filter((name) => !statements.some((statement) => contains(statement, name)))
        .filter((name) => !isStored(name))
        .map(textOf),
    );
    // Annotations may be texts, and `__all__` names what is handed on.
    const texts = source
      .of("string_content")
      .filter((text) => isNaming(text))
      .map(textOf)
      .join(" ");
    for (const { as, part, node } of imported) {
      if (as === null || used.has(as) || new RegExp(`\\b${as}\\b`).test(texts)) continue;
      if (/#\s*noqa\b/.test(lineText(source, positionOf(source, node.end).line))) continue;
      const fix = removalOf(node, part);
      report({
        at: part,
        message: `${as} is imported and not used.`,
        ...(fix === null ? {} : { fix: [fix] }),
      });
    }
  }
};

/** Takes a name out of an import, with the comma; null: nothing would be left of the block around it. */
function removalOf(statement: PyNode, part: PyNode): Edit | null {
  const { file, source } = statement;
  const parts = statement.children.filter(({ field: role }) => role === "name");
  const index = parts.indexOf(part);
  if (index === -1) return null;
  if (parts.length === 1) {
    if (statement.parent?.type === "block" && statement.parent.children.length === 1) return null;
    const start = source.text.lastIndexOf("\n", statement.start - 1) + 1;
    const end = source.text.indexOf("\n", statement.end);
    // Something else stands in its line.
    if (source.text.slice(start, statement.start).trim() !== "") return null;
    return { file, start, end: end === -1 ? statement.end : end + 1, text: "" };
  }
  const next = parts[index + 1];
  const before = parts[index - 1];
  if (next !== undefined) return { file, start: part.start, end: next.start, text: "" };
  return { file, start: before?.end ?? part.start, end: part.end, text: "" };
}

/** A keyword of a call, or an attribute behind a dot, uses no import. */
function isStored(name: PyNode): boolean {
  if (name.field === "attribute" && name.parent?.type === "attribute") return true;
  if (name.field === "name" && name.parent?.type === "keyword_argument") return true;
  return name.field === "left" && name.parent?.type === "assignment";
}

const isNaming = (text: PyNode) => {
  if (around(text, "type") !== null) return true;
  const assignment = around(text, "assignment");
  const left = assignment === null ? null : field(assignment, "left");
  return (
    (left !== null && lastName(left) === "__all__") ||
    /^(?:cast|TypeVar|ForwardRef)$/.test(calledName(around(text, "call") ?? text) ?? "")
  );
};

export const pythonLeftovers = { availability, parallelPaths, modeFlag, commentedCode, marks, unusedImports };
