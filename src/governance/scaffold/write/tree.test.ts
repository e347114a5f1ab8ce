import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestsOf } from "./tree.ts";

/** What another program does in a folder when it was just listed. */
const meanwhile = new Map<string, () => void>();
const listOf = (path: string) => {
  const listed = readdirSync(path, { withFileTypes: true });
  meanwhile.get(path)?.();
  return listed;
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "brain-tree-"));
  mkdirSync(join(root, "a/b"), { recursive: true });
  for (const path of ["one", "two", "a/three", "a/b/four"]) writeFileSync(join(root, path), path);
});
afterEach(() => {
  meanwhile.clear();
  rmSync(root, { recursive: true });
});

const pathsOf = () => [...digestsOf(root, listOf).keys()].toSorted();
const at = (path: string) => join(root, path);

test("every file of a project is found, but for what is no source", () => {
  for (const folder of ["node_modules", "dist", ".git"]) {
    mkdirSync(at(folder));
    writeFileSync(at(`${folder}/file`), "");
  }
  expect(pathsOf()).toEqual(["a/b/four", "a/three", "one", "two"]);
});

test.each<[what: string, change: () => void, left: readonly string[]]>([
  ["a file that is gone", () => rmSync(at("one")), ["a/b/four", "a/three", "two"]],
  ["a folder that is gone", () => rmSync(at("a"), { recursive: true }), ["one", "two"]],
  [
    "a folder that is a file now",
    () => {
      rmSync(at("a"), { recursive: true });
      writeFileSync(at("a"), "");
    },
    ["one", "two"],
  ],
  [
    "a file that is a folder now",
    () => {
      rmSync(at("two"));
      mkdirSync(at("two"));
    },
    ["a/b/four", "a/three", "one"],
  ],
])("%s when it is looked at is not among them", (_what, change, left) => {
  meanwhile.set(root, change);
  meanwhile.set(`${root}/`, change);
  expect(pathsOf()).toEqual(left);
});

test("a project that is not there is an error", () => {
  expect(() => digestsOf(at("nowhere"))).toThrow("ENOENT");
});
