import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { ask } from "../../ask.ts";
import { today } from "../../command.ts";
import { outputOf, ownerHere, type WriteOptions, writing } from "../../writing.ts";
import { asNewApp } from "./new-app.ts";

interface NewOptions extends WriteOptions {
  readonly dir: string;
}

interface ModuleOptions extends NewOptions {
  readonly event?: string;
  readonly purpose?: string;
  readonly owner?: string;
  readonly lang: "de" | "en";
}

interface EventOptions extends NewOptions {
  readonly module?: string;
}

interface ConsumerOptions extends NewOptions {
  readonly module?: string;
  readonly on?: string;
}

function withPlace(command: Command): Command {
  return command
    .option("--dir <folder>", "of the project, or below it", ".")
    .option("-y, --yes", "ask nothing: what was not given is what would be proposed")
    .option("--dry-run", "tell the files that would be written, and write none")
    .option("--files-only", "tell the programs that make the rest of it, and run none");
}

/** `charter new`: writes the next part of a project, with its tests. */
export function addNew(program: Command): void {
  const area = program
    .command("new")
    .description("write a module, an event or a consumer with its documents and the four tests");

  withPlace(
    area
      .command("module")
      .argument("[name]", "snake_case, e.g. library")
      .description("a module: event, tables, routes, consumer, documents, tests, its place in the list")
      .option("--event <type>", "its first event, <domain>.<resource>.<action>")
      .option("--purpose <sentence>", "what it is for")
      .option("--owner <name>", "who answers for it")
      .addOption(new Option("--lang <language>", "of the headings").choices(["en", "de"]).default("en")),
  ).action(newModule);

  withPlace(
    area
      .command("event")
      .argument("[type]", "<domain>.<resource>.<action>, e.g. library.book.lent")
      .description("an event of a module: definition, golden payload, documents")
      .option("--module <name>", "who publishes it"),
  ).action(newEvent);

  withPlace(
    area
      .command("consumer")
      .argument("[name]", "snake_case; claims are kept under it")
      .description("a consumer of a module, with a table of its own and the four tests")
      .option("--module <name>", "whose it is")
      .option("--on <type>", "the event that it handles"),
  ).action(newConsumer);

  asNewApp(area.command("app"));
}

async function newModule(name: string | undefined, options: ModuleOptions, command: Command): Promise<void> {
  const { dir, yes = false, lang: language } = options;
  const out = outputOf(command);
  await writing(options, out, async () => {
    const { planModule } = await import("../../../governance/scaffold/new/new-module.ts");
    const { purposeOf } = await import("../../../governance/scaffold/new/purpose.ts");
    const { readLayout } = await import("../../../governance/scaffold/layout.ts");
    const { checkEvent, checkName, domainsOf, proposedEvent } = await import(
      "../../../governance/scaffold/names.ts"
    );
    const layout = await readLayout(resolve(dir));
    const module = checkName(
      "module",
      await ask(name, { option: "the name", text: "the name of the module", fallback: null }, yes),
    );
    const event = await ask(
      options.event,
      {
        option: "--event <type>",
        text: "the name of its first event",
        fallback: proposedEvent(module, "created"),
      },
      yes,
    );
    const proposed = purposeOf(checkEvent(event, domainsOf(module)));
    const isAsking = process.stdin.isTTY && !yes;
    const purpose = isAsking
      ? await ask(
          options.purpose,
          { option: "--purpose <sentence>", text: "what it is for", fallback: proposed },
          yes,
        )
      : (options.purpose ?? proposed);
    const owner = options.owner ?? ownerHere();
    return planModule(layout, { name: module, event, purpose, owner, language, date: today() });
  });
}

async function newEvent(type: string | undefined, options: EventOptions, command: Command): Promise<void> {
  const { dir, yes = false } = options;
  await writing(options, outputOf(command), async () => {
    const { planEvent } = await import("../../../governance/scaffold/new/new-event.ts");
    const { likelyModule, readLayout } = await import("../../../governance/scaffold/layout.ts");
    const { proposedEvent } = await import("../../../governance/scaffold/names.ts");
    const layout = await readLayout(resolve(dir));
    const text = `the module that publishes it, one of ${layout.present.join(", ")}`;
    const likely = likelyModule(layout, type);
    const module = await ask(options.module, { option: "--module <name>", text, fallback: likely }, yes);
    const name = await ask(
      type,
      { option: "the type", text: "the name of the event", fallback: proposedEvent(module, "updated") },
      yes,
    );
    return planEvent(layout, { type: name, module, date: today() });
  });
}

async function newConsumer(
  name: string | undefined,
  options: ConsumerOptions,
  command: Command,
): Promise<void> {
  const { dir, yes = false } = options;
  await writing(options, outputOf(command), async () => {
    const { planConsumer } = await import("../../../governance/scaffold/new/new-consumer.ts");
    const { likelyModule, readLayout } = await import("../../../governance/scaffold/layout.ts");
    const layout = await readLayout(resolve(dir));
    const consumer = await ask(
      name,
      { option: "the name", text: "the name of the consumer", fallback: null },
      yes,
    );
    const text = `the module whose it is, one of ${layout.present.join(", ")}`;
    // Who publishes an event says nothing of who handles it.
    const fallback = likelyModule(layout, undefined);
    const module = await ask(options.module, { option: "--module <name>", text, fallback }, yes);
    const on = await ask(
      options.on,
      {
        option: "--on <type>",
        text: `the event that it handles, e.g. ${layout.definitions[0]?.type ?? "library.book.lent"}`,
        fallback: null,
      },
      yes,
    );
    return planConsumer(layout, { name: consumer, module, on, date: today() });
  });
}
