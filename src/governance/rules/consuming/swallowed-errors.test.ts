/** C-8 and C-4 in the forms in which errors really end: what is found, and what is another way to go on. */

import { describe, expect, test } from "vitest";
import { checkProject } from "../../check/check.ts";
import { projectOf } from "../../project.ts";
import { rules } from "../index.ts";

/** What the two rules find in a handler. */
function found(body: string, helpers = ""): readonly string[] {
  const text = `import { defineConsumer, on, PermanentError } from "@brain/engine";
import { paymentRefundFailed } from "@brain/schemas";
${helpers}
export const desk = defineConsumer({
  subscriber: "desk",
  handlers: [on(paymentRefundFailed, async (event, { tx, log }) => {
${body}
  })],
});
`;
  const files = [
    {
      path: "src/modules/desk/index.ts",
      text: 'import { defineModule } from "@brain/engine";\nexport const m = defineModule({ name: "desk", events: [] });\n',
    },
    { path: "src/modules/desk/consumer.ts", text },
  ];
  const project = projectOf({
    root: "/",
    workspaces: [],
    paths: new Set(files.map(({ path }) => path)),
    files: new Map(files.map((file) => [file.path, file])),
  });
  const chosen = rules.filter(({ id }) => id === "C-8" || id === "C-4");
  return checkProject(project, chosen, "2026-11-27").findings.map(({ rule }) => rule);
}

const caught = (block: string, before = "") =>
  `${before}try { await tx.execute("SELECT 1"); } catch (error) { ${block} }`;

describe("an error ends in the handler", () => {
  test.each([
    ["in nothing", caught("")],
    ["in a log", caught("log.error({ error });")],
    ["in a text and a log", caught("const message = String(error); log.error({ message });")],
    ["in a log on a condition", caught("if (error instanceof Error) log.error({ error });")],
    ["in either of two logs", caught("if (error instanceof Error) { log.warn({}); } else log.error({});")],
    ["in a number that nobody reads", caught("failures++;", "let failures = 0; ")],
    ["in a flag that nobody reads", caught("ok = false; return;", "let ok = true; ")],
    ["in a return of nothing", caught("return null;")],
    [
      "in a function that logs",
      caught("report(error);"),
      "const report = (error: unknown) => console.error(error);",
    ],
    ["in console.error", 'await tx.execute("SELECT 1").catch(console.error);'],
    [
      "in a function of nothing",
      'await tx.execute("SELECT 1").catch(ignore);',
      "const ignore = () => undefined;",
    ],
    ["in the second of then", 'await tx.execute("SELECT 1").then((rows) => rows, () => undefined);'],
    ["in allSettled", 'await Promise.allSettled([tx.execute("SELECT 1")]);'],
    ["in a return of finally", 'try { await tx.execute("SELECT 1"); } finally { return; }'],
    [
      "in a function that it calls",
      "await work(tx);",
      `async function work(tx: Tx) { ${caught("console.warn(error);")} }`,
    ],
    [
      "in a function of a function",
      "await outer(tx);",
      `const outer = async (tx: Tx) => work(tx);\nasync function work(tx: Tx) { ${caught("return;")} }`,
    ],
  ])("%s", (_how, body, helpers = "") => {
    expect(found(body, helpers)).toEqual(["C-8"]);
  });
});

describe("another way is taken", () => {
  test.each([
    ["it is thrown on", caught("log.error({ error }); throw error;")],
    ["it is thrown on, on a condition", caught("if (isBusy(error)) return; throw error;")],
    ["something is written", caught('await tx.execute("UPDATE desk SET failed = true");')],
    [
      "a flag is looked at",
      `${caught("ok = false;", "let ok = true; ")} if (!ok) await tx.execute("SELECT 2");`,
    ],
    [
      "a value stands in",
      `const rows = await tx.execute("SELECT 1").catch(() => old); await tx.execute(rows);`,
    ],
    [
      "the outcomes are looked at",
      'const all = await Promise.allSettled([tx.execute("SELECT 1")]); if (all.some(isBad)) throw all;',
    ],
    ["finally tidies up", 'try { await tx.execute("SELECT 1"); } finally { log.info({}); }'],
    ["nothing was waited for", "let at = null; try { at = new URL(event.id); } catch { at = null; }"],
    [
      "who called it hears of it",
      'if (!(await work(tx))) throw new Error("no");',
      `async function work(tx: Tx) { ${caught("return false;")} return true; }`,
    ],
    [
      "a function notes it",
      caught("await note(tx, error);"),
      'const note = (tx: Tx, error: unknown) => tx.execute("UPDATE desk SET failed = true");',
    ],
  ])("%s", (_how, body, helpers = "") => {
    expect(found(body, helpers)).toEqual([]);
  });
});

describe("each error becomes a permanent one", () => {
  test.each([
    ["at once", 'throw new PermanentError("no");'],
    ["on either way", 'if (isA(error)) throw new PermanentError("a"); throw new PermanentError("b");'],
    ["by a name", 'const refused = new PermanentError("no"); throw refused;'],
    ["behind a log", 'log.warn({ error }); { throw new PermanentError("no"); }'],
  ])("%s", (_how, block) => {
    expect(found(caught(block))).toEqual(["C-4"]);
  });

  test.each([
    ["one of two", 'if (isA(error)) throw new PermanentError("a"); throw error;'],
    ["a condition before it", 'if (isBusy(error)) throw error; throw new PermanentError("b");'],
    [
      "an early return, with something done",
      'if (isA(error)) { await tx.execute("SELECT 2"); return; } throw new PermanentError("b");',
    ],
  ])("control: %s does not", (_how, block) => {
    expect(found(caught(block))).toEqual([]);
  });
});
