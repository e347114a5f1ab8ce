/** The generated pages of an app: the event parts of each module's README.md and EVENTS.md, and its golden payloads. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProgram } from "../child-program.ts";
import { ScaffoldError } from "../scaffold/errors.ts";
import { readLayout } from "../scaffold/layout.ts";
import { firstDifference } from "./generated-file.ts";
import type { PageAnswer, PageRequest } from "./page-protocol.ts";

/** Beside this file, and compiled as it is. */
const program = fileURLToPath(import.meta.url.replace(/app-pages(\.[jt]s)$/, "page-program$1"));

export interface Page {
  /** From the root of the project. */
  readonly path: string;
  /** `differs`: only looked at, and it is not what the code says. */
  readonly state: "up_to_date" | "written" | "differs";
  /** The first line that differs or did; null: none. */
  readonly difference: string | null;
  /** What an author still has to write in it; null: nothing. */
  readonly problem: string | null;
}

/**
 * Makes the pages anew from the code; what authors wrote is kept.
 *
 * @param folder of the project, or below it
 * @param onlyLook true: nothing is written
 * @throws {ScaffoldError} it is no app, or its product cannot be imported
 */
export async function generatePages(folder: string, onlyLook: boolean): Promise<readonly Page[]> {
  const { kind, root, list, modules, events, golden, definitions } = await readLayout(folder);
  if (kind === "product") {
    throw new ScaffoldError(
      `${root}, which has a generator of its own`,
      "an app, as charter new app writes it",
      "Run npm run generate there.",
    );
  }
  const exports = definitions.map(({ type, constant, path }) => ({ type, name: constant, path }));
  const child = startProgram<PageRequest, PageAnswer>(program, root);
  const answer = await child.ask({ root, list, modules, events, golden, exports });
  child.close();
  if (answer.kind === "failed") {
    throw new ScaffoldError(
      `${list}, which cannot be read: ${answer.message}`,
      "a module that exports the product (defineProduct), and loads without a build; where modules need settings, that exports the opened modules too",
      "Mend it, and begin again.",
    );
  }
  const pages: Page[] = [];
  for (const { path, content, problem } of answer.pages) {
    const present = await readFile(join(root, path), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    // A checkout of Windows has other line ends, and says the same.
    const isSame = present.replaceAll("\r\n", "\n") === content.replaceAll("\r\n", "\n");
    if (!isSame && !onlyLook) await writeFile(join(root, path), content);
    const state = isSame ? "up_to_date" : onlyLook ? "differs" : "written";
    pages.push({ path, state, difference: isSame ? null : firstDifference(present, content), problem });
  }
  return pages;
}
