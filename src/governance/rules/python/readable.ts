/** Whether the files of modules could be read at all. */

import { positionOf } from "../../tree/text.ts";
import type { Check } from "../rule.ts";

const readable: Check = ({ python, files }, report) => {
  for (const source of python.sources) {
    // The parser goes on behind an error, and what it finds then follows from the first.
    const [first] = source.errors;
    if (first === undefined) continue;
    const { line } = positionOf(source, first.start);
    const isSyntax = first.type === "ERROR" || first.start === first.end;
    report({
      at: {
        file: first.file,
        start: first.start,
        end: Math.max(first.start, Math.min(first.end, first.start + 1)),
      },
      message: isSyntax
        ? `${source.path} is no Python from line ${line} on.`
        : `${source.path} is nested too deeply from line ${line} on; what is inside was not judged.`,
    });
  }
  for (const module of python.modules)
    for (const path of files.paths)
      if (path.startsWith(`${module.folder}/`) && path.endsWith(".py") && !files.files.has(path))
        report({
          at: { file: path, start: 0, end: 0 },
          message: `${path} is too large to be judged, or cannot be read.`,
        });
};

export const pythonReading: Readonly<Record<string, Check>> = { "PY-1": readable };
