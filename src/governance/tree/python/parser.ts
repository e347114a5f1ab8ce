/** Parses Python by tree-sitter, whose grammar is a WebAssembly module: no Python is needed. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Parser, Tree, TreeCursor } from "@vscode/tree-sitter-wasm";
import type { TextFile } from "../text.ts";
import type { PyNode, PySource } from "./nodes.ts";

const packageName = "@vscode/tree-sitter-wasm";

let isolateParser: Promise<Parser> | null = null;
let isolateLoaded: Parser | null = null;

/** Beside this program when it is bundled, otherwise in the package. */
function wasmPath(name: string): string {
  const beside = fileURLToPath(new URL(`./${name}`, import.meta.url).href);
  if (existsSync(beside)) return beside;
  return createRequire(import.meta.url).resolve(`${packageName}/wasm/${name}`);
}

async function load(): Promise<Parser> {
  const { default: treeSitter } = await import("@vscode/tree-sitter-wasm");
  await treeSitter.Parser.init({ locateFile: wasmPath });
  const parser = new treeSitter.Parser();
  parser.setLanguage(await treeSitter.Language.load(wasmPath("tree-sitter-python.wasm")));
  isolateLoaded = parser;
  return parser;
}

/** Makes Python readable. It takes some 40 ms, so a project without Python does not ask for it. */
export async function loadPython(): Promise<void> {
  isolateParser ??= load();
  await isolateParser;
}

export const isPython = (path: string) => path.endsWith(".py");

const isolateSources = new WeakMap<TextFile, PySource>();

/** @throws when `loadPython` was not awaited before */
export function parsePython(file: TextFile): PySource {
  const known = isolateSources.get(file);
  if (known !== undefined) return known;
  if (isolateLoaded === null) throw new Error(`loadPython() comes before ${file.path} is parsed.`);
  // A mark of UTF-8 is no part of the program; a space in its place keeps all offsets.
  const text = file.text.startsWith("\uFEFF") ? ` ${file.text.slice(1)}` : file.text;
  isolateLoaded.reset();
  const tree = isolateLoaded.parse(text);
  if (tree === null) throw new Error(`${file.path} could not be parsed.`);
  const cursor = tree.walk();
  try {
    const source = copyTree(file, cursor, tree);
    isolateSources.set(file, source);
    return source;
  } finally {
    cursor.delete();
    tree.delete();
  }
}

/** Nobody writes deeper; who walks a tree by calling itself must come back. */
const maxDepth = 2000;

let isolateNamed: readonly boolean[] | null = null;

type Growing = PyNode & { readonly children: PyNode[] };

/** Nodes in the memory of the parser are neither freed nor fast, so they become plain ones. */
function copyTree(file: TextFile, cursor: TreeCursor, { language, rootNode }: Tree): PySource {
  const { types, fields } = language;
  // Each question to the cursor is a call into WebAssembly, so few are asked.
  const mayMiss = rootNode.hasError;
  const named = isolateNamed ?? types.map((_, id) => language.nodeTypeIsNamed(id));
  isolateNamed = named;
  const byType = new Map<string, PyNode[]>();
  const errors: PyNode[] = [];
  const parents: Growing[] = [];
  let root: PyNode | null = null;
  const source: PySource = {
    path: file.path,
    text: file.text,
    get root() {
      if (root === null) throw new Error(`${file.path} has no root.`);
      return root;
    },
    errors,
    of: (type) => byType.get(type) ?? [],
  };
  const visit = (): Growing | null => {
    const id = cursor.nodeTypeId;
    // An error has an id beyond those of the grammar.
    const type = types[id] ?? cursor.nodeType;
    const fieldId = cursor.currentFieldId;
    const isMissing = mayMiss && cursor.nodeIsMissing;
    const isNamed = named[id] ?? cursor.nodeIsNamed;
    if (!isNamed && fieldId === 0 && type !== "async" && !isMissing) return null;
    const parent = parents.at(-1) ?? null;
    const node: Growing = {
      file: file.path,
      start: cursor.startIndex,
      end: cursor.endIndex,
      type,
      field: fields[fieldId] ?? null,
      parent,
      children: [],
      source,
    };
    root ??= node;
    parent?.children.push(node);
    const alike = byType.get(type);
    if (alike === undefined) byType.set(type, [node]);
    else alike.push(node);
    if (type === "ERROR" || isMissing || parents.length === maxDepth) errors.push(node);
    return parents.length === maxDepth ? null : node;
  };
  for (let isOpen = true; isOpen; ) {
    const node = visit();
    if (node !== null && cursor.gotoFirstChild()) {
      parents.push(node);
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      isOpen = cursor.gotoParent();
      if (!isOpen) break;
      parents.pop();
    }
  }
  return source;
}
