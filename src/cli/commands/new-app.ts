import { type Command, Option } from "commander";
import { ask } from "../ask.ts";
import { today } from "../command.ts";
import { outputOf, ownerHere, type WriteOptions, writing } from "../writing.ts";

interface AppOptions extends WriteOptions {
  readonly module?: string;
  readonly event?: string;
  readonly purpose?: string;
  readonly owner?: string;
  readonly lang: "de" | "en";
  readonly packages?: string;
}

/** Makes a command the one that writes a project of its own; it is a program of its own, too. */
export function asNewApp(command: Command): Command {
  return command
    .argument("[folder]", "of the project, which is called after it")
    .description("a project of its own: a module with its tests, entry points for Workers and Deno, CI")
    .option("--module <name>", "its first module")
    .option("--event <type>", "what that publishes, <domain>.<resource>.<action>")
    .option("--purpose <sentence>", "what the module is for")
    .option("--owner <name>", "who answers for it")
    .addOption(new Option("--lang <language>", "of the headings").choices(["en", "de"]).default("en"))
    .option("--packages <folder>", "tarballs of our packages, where the registry has none")
    .option("-y, --yes", "ask nothing: what was not given is what would be proposed")
    .option("--dry-run", "tell the files that would be written, and write none")
    .action(newApp);
}

async function newApp(folder: string | undefined, options: AppOptions, command: Command): Promise<void> {
  const { yes = false, lang: language, packages = null } = options;
  await writing(options, outputOf(command), async () => {
    const { planApp } = await import("../../governance/scaffold/new-app.ts");
    const place = await ask(folder, { option: "the folder", text: "the folder", fallback: null }, yes);
    const module = await ask(
      options.module,
      { option: "--module <name>", text: "the name of its first module", fallback: "shop" },
      yes,
    );
    const event = await ask(
      options.event,
      {
        option: "--event <type>",
        text: "the name of what it publishes",
        fallback: module === "shop" ? "shop.order.placed" : `${module}.item.created`,
      },
      yes,
    );
    const { purpose = null, owner = ownerHere() } = options;
    return planApp({ folder: place, module, event, purpose, owner, language, packages, date: today() });
  });
}
