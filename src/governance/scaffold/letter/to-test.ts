/** A test of what failed in production: its payload without personal data, its consumer, and what was said of it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { readProject } from "../../project.ts";
import { ScaffoldError } from "../errors.ts";
import { type Layout, moduleIn, testFolder } from "../layout.ts";
import { withConstants } from "../literals.ts";
import { stepsBehind } from "../steps.ts";
import { newFile, type Plan } from "../write/plan.ts";
import { testTemplate, written } from "../written.ts";
import { createFakes, type Json } from "./fakes.ts";

/** A dead letter, or an event and who is to handle it. */
export interface Delivered {
  /** e.g. `dead letter 17` */
  readonly what: string;
  readonly subscriber: string;
  /** The entry of the stream, flat. */
  readonly fields: Readonly<Record<string, string>>;
  /** What was said of the failure; null: it has not failed. */
  readonly error: string | null;
}

/** Where `pii()` stands in the definition of an event: paths of fields. */
async function personalPaths(layout: Layout, type: string): Promise<ReadonlySet<string>> {
  const { typescript } = await readProject(layout.root);
  const paths = new Set<string>();
  for (const { file, call, type: defined } of typescript.events) {
    if (defined !== type) continue;
    const visit = (node: ts.Node, path: readonly string[]): void => {
      const isProperty = ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node);
      const inner = isProperty ? [...path, node.name.getText().replaceAll(/^["']|["']$/g, "")] : path;
      if (ts.isCallExpression(node) && typescript.calledOf(file, node, "@brain/schemas") === "pii")
        // Below `payload`, which is an option of the definition.
        paths.add(inner.slice(inner.indexOf("payload") + 1).join("."));
      ts.forEachChild(node, (child) => visit(child, inner));
    };
    for (const argument of call.arguments) visit(argument, []);
  }
  return paths;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** @throws {ScaffoldError} the project has no consumer of that name */
function consumerFile({ subscribers, root }: Layout, subscriber: string): string {
  const path = subscribers.get(subscriber);
  if (path !== undefined) return path;
  throw new ScaffoldError(
    `a delivery to "${subscriber.slice(0, 100)}"`,
    `a consumer of this project: ${[...subscribers.keys()].sort().join(", ")}`,
    `Go into the project whose consumer it is, or give --dir; this one is ${root}.`,
  );
}

/** The exported name of a consumer, as its file says. */
function exportedIn(root: string, path: string, subscriber: string): string {
  const source = ts.createSourceFile(
    path,
    readFileSync(join(root, path), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const exported = source.statements.find((statement) => {
    const isExported = ts.canHaveModifiers(statement)
      ? (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false;
    return isExported && statement.getText().includes(JSON.stringify(subscriber));
  });
  if (exported === undefined) return path;
  const name = ts.isVariableStatement(exported)
    ? exported.declarationList.declarations[0]?.name.getText()
    : ts.isFunctionDeclaration(exported)
      ? exported.name?.text
      : undefined;
  return name === undefined ? path : `${name} of ${path}`;
}

const shapeOfName = /^[a-z0-9][a-z0-9_-]{0,80}$/;

/**
 * @param name of the file, kebab-case, without `.test.ts`
 * @throws {ScaffoldError} nothing can be written: no such consumer, no body, or there is such a file
 */
export async function planTest(layout: Layout, delivered: Delivered, name: string): Promise<Plan> {
  const { subscriber, fields, error, what } = delivered;
  const path = consumerFile(layout, subscriber);
  const { payload: payloadText, ...others } = fields;
  if (payloadText === undefined) {
    throw new ScaffoldError(
      what,
      "one whose entry has a payload",
      "Its body is lost, so nothing can be tested.",
    );
  }
  if (!shapeOfName.test(name)) {
    throw new ScaffoldError(
      `${JSON.stringify(name)} as the name of the test`,
      "a to z, 0 to 9, - and _, at most 81 characters",
      "Give another one with --name.",
    );
  }
  const fakes = createFakes(await personalPaths(layout, fields.type ?? ""));
  const payload = parsed(payloadText);
  const isJson = payload !== undefined;
  const shown = isJson ? fakes.payload(payload) : fakes.text(payloadText);
  const kept = Object.entries(others).map(([field, value]) => [field, plain(fakes, field, value)]);
  const template = testTemplate(layout, "letter");
  const place = `${testFolder(layout, moduleIn(layout, path))}/${name}.test.ts`;
  const event = { type: "", domain: "", resource: "", action: "", constant: "" };
  const purpose = `Made by charter from a ${what} of ${exportedIn(layout.root, path, subscriber)}.`;
  const text = written(layout, template, { name: "-", event, purpose, owner: "-", date: "-" }, place);
  const constants = {
    subscriber,
    inProduction: error === null ? "it was handled" : fakes.text(error),
    payload: shown,
    fields: Object.fromEntries(kept),
  };
  // A payload that is no JSON stays the text that it is.
  const asText = isJson ? text : text.replace("JSON.stringify(payload)", "payload");
  const files = [newFile(place, withConstants(place, asText, constants))];
  const { steps } = stepsBehind(layout, files, null);
  return {
    root: layout.root,
    files,
    // Nothing of it stands in generated files.
    steps: steps.filter(({ command: [program] }) => program === "biome"),
    notes: [`Run it: npm test -- ${place}`],
  };
}

/** A field of the entry beside the payload. Names and ids of the system are nobody's. */
function plain(fakes: ReturnType<typeof createFakes>, field: string, value: string): string {
  if (["id", "type", "timestamp", "source"].includes(field)) return value;
  const inner = parsed(value);
  const isObject = typeof inner === "object" && inner !== null;
  return isObject ? JSON.stringify(fakes.payload(inner)) : fakes.text(value);
}
