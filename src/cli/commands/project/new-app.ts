import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { ask } from "../../ask.ts";
import { today } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { outputOf, ownerHere, type WriteOptions, writing } from "../../writing.ts";

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
    .option(
      "--packages <folder>",
      "with tarballs of our packages, as npm run pack makes them: no public registry has them",
    )
    .option("-y, --yes", "ask nothing, as without a terminal: what was not given is what would be proposed")
    .option("--dry-run", "tell the files that would be written, and write none")
    .action(newApp);
}

/** In a clone of ours, and in no package that is installed: what packs them. */
const packs = fileURLToPath(new URL("../../../../tools/packages/pack.ts", import.meta.url).href);

const inShell = (word: string) => (/^[\w./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * @param given words of the command line behind the program
 * @throws {UsageError} `npm install` in the project would look for our packages where they are not
 */
function refuseWithoutPackages(given: readonly string[]): void {
  if (!existsSync(packs)) return;
  throw new UsageError(
    [
      "The packages that the project is made of are in no public registry. Nothing was written. Pack them here, and begin with them:",
      "  npm run pack -- out",
      `  npm run charter -- ${[...given, "--packages", "out"].map(inShell).join(" ")}`,
    ].join("\n"),
  );
}

async function newApp(folder: string | undefined, options: AppOptions, command: Command): Promise<void> {
  const { yes = false, lang: language, packages = null } = options;
  if (packages === null && options.dryRun !== true) refuseWithoutPackages(process.argv.slice(2));
  await writing(options, outputOf(command), async () => {
    const { planApp, olderNode } = await import("../../../governance/scaffold/new/new-app.ts");
    const { proposedEvent } = await import("../../../governance/scaffold/names.ts");
    // A clone runs on a Node of its own; what is written will not.
    const node = process.env.CHARTER_OUTER_NODE ?? process.versions.node;
    const older = olderNode(node);
    if (older !== null) outputOf(command).note(older);
    // Where nobody can be asked, all that would be proposed is taken, and told in what is written.
    const isAlone = yes || !process.stdin.isTTY;
    const place = await ask(folder, { option: "the folder", text: "the folder", fallback: null }, isAlone);
    const module = await ask(
      options.module,
      { option: "--module <name>", text: "the name of its first module", fallback: "shop" },
      isAlone,
    );
    const event = await ask(
      options.event,
      {
        option: "--event <type>",
        text: "the name of what it publishes",
        fallback: module === "shop" ? "shop.order.placed" : proposedEvent(module, "created"),
      },
      isAlone,
    );
    const { purpose = null, owner = ownerHere() } = options;
    return planApp({ folder: place, module, event, purpose, owner, language, packages, date: today(), node });
  });
}
