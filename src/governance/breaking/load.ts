/** The catalogue of a tree, by importing it in a process of its own. */

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CatalogueRecord } from "./catalogue.ts";
import type { LoadAnswer, LoadRequest, ReadCase, ReadResult } from "./load-protocol.ts";
import { catalogueFiles, parseGolden, placesOf, readOptional } from "./product-facts.ts";
import { CatalogueError } from "./read-catalogue.ts";

/** Beside this file, and compiled as it is. */
const program = fileURLToPath(import.meta.url.replace(/load(\.[jt]s)$/, "load-program$1"));

/** A catalogue that is loaded, and reads. */
export interface LoadedCatalogue {
  readonly record: CatalogueRecord;
  /** The module that has it, from the root. */
  readonly file: string;
  /** Reads payloads as consumers of this code would. */
  read(cases: readonly ReadCase[]): Promise<readonly ReadResult[]>;
  close(): void;
}

/**
 * @param given where the catalogue is, `<file>#<export>`; null: as the product says
 * @throws {CatalogueError} `no_catalogue`, `not_loaded` with what its import said
 */
export async function loadCatalogue(root: string, given: string | null): Promise<LoadedCatalogue> {
  const places = placesOf(await readOptional(join(root, "package.json")));
  const files = await catalogueFiles(root, places, given);
  const goldenText = places.golden === null ? null : await readOptional(join(root, places.golden));
  const golden = goldenText === null ? {} : parseGolden(goldenText, places.golden ?? "");
  const facts = { product: places.product, release: places.release, golden };
  const said: string[] = [];
  for (const { file, exportName } of files) {
    const child = startProgram(root);
    const answer = await child.ask({ kind: "describe", file: join(root, file), exportName, facts });
    if (answer.kind === "described") {
      return { record: answer.record, file, read: (cases) => readBy(child, cases), close: child.close };
    }
    child.close();
    said.push(`${file}: ${answer.kind === "failed" ? answer.message : "no answer that fits"}`);
  }
  throw new CatalogueError(
    "not_loaded",
    `The catalogue of ${root} cannot be loaded.\n  ${said.join("\n  ")}\nIt is imported as it is, by Node's own reading of TypeScript: the module must load without a build and without settings.`,
  );
}

async function readBy(child: Program, cases: readonly ReadCase[]): Promise<readonly ReadResult[]> {
  if (cases.length === 0) return [];
  const answer = await child.ask({ kind: "read", cases });
  if (answer.kind === "read") return answer.results;
  throw new CatalogueError("not_loaded", answer.kind === "failed" ? answer.message : "no answer that fits");
}

interface Program {
  ask(request: LoadRequest): Promise<LoadAnswer>;
  close(): void;
}

function startProgram(root: string): Program {
  // What the product prints when it is imported is not our output.
  const child = fork(program, [], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  let printed = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    printed = `${printed}${text}`.slice(-4_000);
  });
  return {
    ask: (request) => askOnce(child, request, () => printed),
    close: () => void child.kill("SIGKILL"),
  };
}

function askOnce(child: ChildProcess, request: LoadRequest, printed: () => string): Promise<LoadAnswer> {
  return new Promise((resolve) => {
    const done = (answer: LoadAnswer) => {
      child.off("message", hears);
      child.off("close", ends);
      child.off("error", fails);
      resolve(answer);
    };
    const hears = (answer: unknown) => done(answer as LoadAnswer);
    const ends = (code: number | null) =>
      done({
        kind: "failed",
        message: `its import ended the process (code ${code ?? "none"}). ${printed().trim()}`,
      });
    const fails = (error: Error) => done({ kind: "failed", message: error.message });
    child.on("message", hears).on("close", ends).on("error", fails);
    child.send(request);
  });
}
