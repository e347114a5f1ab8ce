/**
 * What the compiler finds in some of the files of a project. `tsc` looks at all that they import as well, which here is
 * the whole product: `npm run check` does that, and it takes three times as long.
 */

import { execFile } from "node:child_process";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";

export interface Question {
  /** Where the project is. */
  readonly folder: string;
  /** As the compiler reads it there; its `files` or `include` are looked at. */
  readonly config: string;
  /** Further files that are looked at: those whose path in the folder begins so. */
  readonly also?: readonly string[];
}

/** @returns the errors, as the compiler writes them; also those of the settings and of what cannot be found */
export async function typeErrorsOf(question: Question): Promise<string> {
  // A program of its own: other tests of the worker go on meanwhile, and its memory is given back.
  const program = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(question)], {
    cwd: question.folder,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

function find({ folder, config, also = [] }: Question): string {
  const problems: ts.Diagnostic[] = [];
  const host = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem: ts.Diagnostic) => problems.push(problem),
  };
  const parsed = ts.getParsedCommandLineOfConfigFile(config, undefined, host);
  if (parsed !== undefined) {
    const program = ts.createProgram(parsed.fileNames, parsed.options);
    const files = program.getSourceFiles();
    const asked = new Set(parsed.fileNames.map((name) => program.getSourceFile(name)));
    for (const start of also) {
      const found = files.filter(({ fileName }) => relative(folder, fileName).startsWith(start));
      if (found.length === 0) throw new Error(`no file of the program begins with ${start}`);
      for (const file of found) asked.add(file);
    }
    problems.push(
      ...parsed.errors,
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...[...asked].flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]),
    );
  }
  const names = { getCurrentDirectory: () => folder, getCanonicalFileName: String, getNewLine: () => "\n" };
  return ts.formatDiagnostics(problems, names);
}

if (import.meta.main) process.stdout.write(find(JSON.parse(process.argv[2] ?? "") as Question));
