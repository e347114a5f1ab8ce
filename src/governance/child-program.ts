/** A process of its own that imports code of a project. What that does when it is imported, and prints, stays there. */

import { type ChildProcess, fork } from "node:child_process";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { keepResolutions } from "./files/kept-resolution.ts";

/** What every program can answer: it could not. */
export interface Failed {
  readonly kind: "failed";
  readonly message: string;
}

export interface Program<Request, Answer> {
  ask(request: Request): Promise<Answer | Failed>;
  close(): void;
}

/** @param program path of its file @param root of the project, where it runs */
export function startProgram<Request extends object, Answer>(
  program: string,
  root: string,
): Program<Request, Answer> {
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
    ask: (request) => askOnce<Answer>(child, request, () => printed),
    close: () => void child.kill("SIGKILL"),
  };
}

function askOnce<Answer>(
  child: ChildProcess,
  request: object,
  printed: () => string,
): Promise<Answer | Failed> {
  return new Promise((resolve) => {
    const done = (answer: Answer | Failed) => {
      child.off("message", hears);
      child.off("close", ends);
      child.off("error", fails);
      resolve(answer);
    };
    const hears = (answer: unknown) => done(answer as Answer);
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

/** Places of a stack that are told: the packages are not whose code this is. */
const maxPlaces = 3;

/**
 * The message, and where in the project it comes from. A file that does not load at all stands above the message with its
 * line alone, and its importer is all that the caller knows.
 */
function describe(error: unknown, root: string): string {
  if (!(error instanceof Error)) return String(error);
  const places = [...(error.stack ?? "").matchAll(/(file:\/\/\/[^\s)]+?)(:\d+(?::\d+)?)(?=[\s)]|$)/g)]
    .map(([, url = "", place]) => ({ path: relative(root, fileURLToPath(url)), place }))
    .filter(({ path }) => !path.startsWith("..") && !path.includes("node_modules"))
    .slice(0, maxPlaces)
    .map(({ path, place }) => `${path.replaceAll("\\", "/")}${place}`);
  const where = places.length === 0 ? "" : ` (at ${places.join(", ")})`;
  return `${error.name}: ${error.message}${where}`;
}

/** The program's side: answers each request, and ends with whoever started it. */
export function answerRequests<Request, Answer>(
  answer: (request: Request) => Promise<Answer | Failed>,
): void {
  // The code of the project is imported for the first request.
  keepResolutions();
  process.on("message", (request: Request) => {
    answer(request)
      .catch((error: unknown): Failed => {
        return { kind: "failed", message: describe(error, process.cwd()) };
      })
      .then((reply) => process.send?.(reply));
  });
  process.on("disconnect", () => process.exit(0));
}
