/** The page of a rule: what it says, and its examples as small projects. */

import type { TextFile } from "../tree/text.ts";

/** A project of a few files. */
export interface Example {
  readonly files: readonly TextFile[];
  /** Where the rule finds something: `src/a.ts:3`; twice when it finds two things there. */
  readonly expected: readonly string[];
}

export interface Page {
  readonly title: string;
  readonly wrong: readonly Example[];
  readonly right: readonly Example[];
}

/**
 * Reads the examples below `## Wrong`, `## Right`, `## Wrong in Python` and `## Right in Python`. The first line of a block
 * is a comment that names its file and is no part of it: `// src/a.ts`, `# app/a.py`, `-- a.sql` or
 * `<!-- src/README.md -->`. `Found in …` below the blocks says where the rule finds something, and ends an example. Where
 * several examples are right, `Not found.` ends each of them.
 */
export function readPage(text: string): Page {
  const title = /^# (.+)$/m.exec(text)?.[1] ?? "";
  // Examples have headings too.
  const parts = text.split(/^(?=## (?:Wrong|Right)(?: in Python)?\n)/m);
  const part = (name: string) => parts.find((section) => section.startsWith(`## ${name}\n`)) ?? "";
  const examples = (name: string) => [...examplesOf(part(name)), ...examplesOf(part(`${name} in Python`))];
  return { title, wrong: examples("Wrong"), right: examples("Right") };
}

const blocks = /^(`{3,})\w+\n([\s\S]*?)^\1$|^(Found in .+|Not found\.)$/gm;
const named = /^(?:\/\/|#|<!--|--) (\S+)(?: -->)?\n/;

function examplesOf(section: string): readonly Example[] {
  const examples: Example[] = [];
  let files: TextFile[] = [];
  for (const [, , block, said] of section.matchAll(blocks)) {
    if (block !== undefined) {
      const [head = "", path] = named.exec(block) ?? [];
      if (path === undefined)
        throw new Error(`A block does not name its file in its first line: ${block.slice(0, 80)}`);
      files.push({ path, text: block.slice(head.length) });
    } else {
      const expected = [...(said ?? "").matchAll(/`([^`]+:\d+)`/g)].map(([, place = ""]) => place);
      examples.push({ files, expected });
      files = [];
    }
  }
  return files.length === 0 ? examples : [...examples, { files, expected: [] }];
}
