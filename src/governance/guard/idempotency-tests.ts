/** Which tests of a second delivery a change is about, and how they are run. */

import { spawn } from "node:child_process";
import { InputError } from "../errors.ts";
import type { Project } from "../project.ts";

/**
 * Files whose tests deliver an entry a second time to a consumer that the change may have touched: its module changed, or
 * the definition of an event that it handles, or what all modules stand on.
 */
export function idempotencyTests(
  { typescript, tests }: Project,
  changed: readonly string[],
): readonly string[] {
  const touched = new Set(changed);
  const inModules = new Set(typescript.modules.flatMap(({ files }) => files));
  const definitions = new Set(typescript.events.map(({ file }) => file));
  const sources = changed.filter((path) => typescript.files.includes(path));
  // The engine, the composition, the kit: nobody can say which consumer does not stand on them.
  const isAll = sources.some((path) => !inModules.has(path) && !definitions.has(path));
  const touchedConsumers = typescript.consumers.filter(({ file }) => {
    const module = typescript.moduleOf(file);
    const own = module === null ? [file] : module.files;
    const handled = typescript.handled
      .filter((handler) => own.includes(handler.file))
      .flatMap(({ events }) => events.map((event) => event.file));
    return isAll || [...own, ...handled].some((path) => touched.has(path));
  });
  const concerned = new Set(touchedConsumers.map(({ subscriber }) => subscriber));
  return typescript.tests.filter((path) =>
    tests
      .testsIn(path)
      .some((fact) =>
        [...fact.subscribers].some(
          (name) => (touched.has(path) || concerned.has(name)) && fact.showsOf(name).has("redelivered"),
        ),
      ),
  );
}

/**
 * @param output where what the tests say goes
 * @returns the exit code
 * @throws {InputError} there is no such program
 */
export function runTests(
  root: string,
  [program, ...args]: readonly string[],
  output: "stdout" | "stderr",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stdio = ["ignore", output === "stdout" ? "inherit" : process.stderr, "inherit"] as const;
    const child = spawn(program ?? "", args, { cwd: root, stdio: [...stdio] });
    child.on("error", (error) =>
      reject(new InputError(`The tests cannot be run by "${program}": ${error.message}.`, { cause: error })),
    );
    child.on("close", (code) => resolve(code ?? 1));
  });
}
