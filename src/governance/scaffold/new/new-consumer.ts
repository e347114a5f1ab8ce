import { ScaffoldError } from "../errors.ts";
import { goldenOf } from "../golden.ts";
import { type FoundEvent, type Layout, specifier, testFolder } from "../layout.ts";
import { withConstants } from "../literals.ts";
import { eventsWithConsumer, readmeWithConsumer, withReader } from "../module-documents.ts";
import { definitionWith, moduleWith } from "../module-list.ts";
import { camel, checkName, kebab } from "../names.ts";
import { stepsBehind } from "../steps.ts";
import type { Values } from "../templates.ts";
import { newFile, type Plan, type PlannedFile, readText } from "../write/plan.ts";
import { written as filledIn, fromTemplate, testTemplate } from "../written.ts";
import { requireModule } from "./new-event.ts";
import { requireFreeSubscriber } from "./new-module.ts";

export interface NewConsumer {
  readonly name: string;
  /** Whose it is. */
  readonly module: string;
  /** Wire name of what it handles. */
  readonly on: string;
  readonly date: string;
}

/** @throws {ScaffoldError} no event of the project has that name */
function eventOf(layout: Layout, type: string): FoundEvent {
  const all = layout.definitions;
  const found = all.find((event) => event.type === type);
  if (found !== undefined) return found;
  const domain = type.slice(0, type.indexOf("."));
  const near = all.map((event) => event.type).filter((name) => name.startsWith(`${domain}.`));
  throw new ScaffoldError(
    `"${type.slice(0, 100)}" as what is handled`,
    `an event that ${layout.events} defines${near.length === 0 ? "" : `, e.g. ${near.slice(0, 5).join(", ")}`}`,
    "Write its wire name, or define it first: charter new event.",
  );
}

/** The test with a payload of the event, which the template has of its own. */
function testOf(layout: Layout, module: string, values: Values, type: string): PlannedFile {
  const template = testTemplate(layout, "consumer");
  const place = `${testFolder(layout, module)}/${kebab(values.name)}-events.test.ts`;
  const door = specifier(layout, place, eventOf(layout, type).path);
  const text = filledIn(layout, template, { ...values, door }, place);
  const payload = goldenOf(readText(layout.root, layout.golden), type);
  if (payload === null) {
    throw new ScaffoldError(
      `"${type}", of which ${layout.golden} has no payload`,
      "one, because the tests publish it",
      "Write it there: npm run generate adds its fields.",
    );
  }
  return newFile(place, withConstants(place, text, { payload }));
}

/**
 * A consumer more of a module, with a table of its own, its four tests, and its place in the module and the README.md.
 *
 * @throws {ScaffoldError} nothing of it can be written
 */
export function planConsumer(layout: Layout, { name, module, on, date }: NewConsumer): Plan {
  checkName("consumer", name);
  requireModule(layout, module);
  requireFreeSubscriber(layout, name);
  const found = eventOf(layout, on);
  const [domain = "", resource = "", action = ""] = on.split(".");
  const event = { type: on, domain, resource, action, constant: found.constant };
  const values: Values = { name, event, purpose: "-", owner: "-", date };
  const folder = `${layout.modules}/${module}/${name}`;
  const consumer = `${folder}/consumer.ts`;
  const tables = `${folder}/tables.ts`;
  const named = (path: string) => ({ ...values, door: specifier(layout, path, found.path) });
  const sample = "src/modules/sample_room";
  const written = [
    fromTemplate(layout, `${sample}/totals/tables.ts`, values, tables),
    fromTemplate(layout, `${sample}/consumer.ts`, named(consumer), consumer),
    testOf(layout, module, values, on),
    definitionWith(layout, found, name),
    moduleWith(layout, module, [
      { part: "tables", element: { local: `${camel(name)}Tables`, imported: "*", path: tables } },
      {
        part: "consumers",
        element: { local: `${camel(name)}Consumer`, imported: `${camel(name)}Consumer`, path: consumer },
      },
    ]),
    readmeWithConsumer(
      layout,
      module,
      {
        ...named(consumer),
        door: layout.kind === "product" ? specifier(layout, consumer, found.path) : found.path,
      },
      consumer,
    ),
    ...eventsWithConsumer(layout, module, found, consumer),
  ];
  const files = withReader(layout, written, found.module, values);
  const { steps, notes } = stepsBehind(layout, files, name);
  const test = files.find(({ path }) => path.endsWith(".test.ts"))?.path ?? "";
  return { root: layout.root, files, steps, notes: [...notes, `Its tests: npm test -- ${test}`] };
}
