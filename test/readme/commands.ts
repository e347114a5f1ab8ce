/** Looks up the commands that documents name: programs, scripts, files, and the options of `charter`. */

import { existsSync, readFileSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { UnknownCommandError } from "../../src/cli/errors.ts";
import { createProgram } from "../../src/cli/program.ts";
import { root } from "../../tools/root.ts";
import { shellWords } from "./console.ts";

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: object };

/** Programs of the machine, which have no options that could change with the project. */
const ofMachine = new Set(["curl", "openssl", "base64", "git", "cd"]);

/** The simple commands of a block, without comments; a line that ends with `\` goes on in the next. */
export function commandsOf(block: string): string[] {
  const lines = block.replace(/\s*\\\n\s*/g, " ").split("\n");
  return lines.flatMap((line) => {
    const [bare = ""] = line.split(/(?:^|\s+)#\s/);
    return bare.split(" | ").filter((command) => command.trim() !== "");
  });
}

/** What is wrong with a command that can be pasted; null: nothing. */
export async function commandFault(command: string): Promise<string | null> {
  const words = shellWords(command, { get: () => "value" });
  while (/^[A-Z_]+=/.test(words[0] ?? "")) words.shift();
  const [program = "", ...args] = words;
  if (ofMachine.has(program)) return null;
  if (program === "npm") return npmFault(args);
  if (program === "node") return nodeFault(args);
  if (program === "charter") return charterFault(args);
  if (program === "npx") return isCharter(args) ? charterFault(args.slice(1)) : binFault(args[0] ?? "");
  return `"${program}" is no program that this test knows`;
}

/** What is wrong with a command that a sentence names, perhaps with placeholders; null: nothing, or it is no command. */
export function mentionFault(text: string): string | null {
  const [program = "", ...args] = text.split(/\s+/);
  if (program === "npm") {
    const script = args[0] === "run" ? args[1] : args[0];
    if (script === "run" || script === undefined || !/^[a-z:-]+$/.test(script)) return null;
    const fault = npmFault(args.slice(0, 2).filter((word) => word !== "--"));
    return fault ?? (isCharterScript(args) ? mentionedCharterFault(args.slice(3)) : null);
  }
  if (program === "npx" && isCharter(args)) return mentionedCharterFault(args.slice(1));
  return program === "charter" ? mentionedCharterFault(args) : null;
}

const isCharter = (args: readonly string[]) => args[0] === "charter";
const isCharterScript = ([run, script, dashes]: readonly string[]) =>
  run === "run" && script === "charter" && dashes === "--";

function npmFault(args: readonly string[]): string | null {
  const [first = ""] = args;
  if (["ci", "install", "pack"].includes(first)) return null;
  // Of what `npm run pack` makes: `@brain/app` is the package `@brain/create-app`.
  if (first === "create") return args[1] === "@brain/app" ? null : `there is no package to create ${args[1]}`;
  const script = first === "run" ? (args[1] ?? "") : first;
  if (!Object.hasOwn(scripts, script)) return `package.json has no script "${script}"`;
  const files = args.filter((word) => word.includes("/") && word.endsWith(".ts"));
  return files.map(fileFault).find((fault) => fault !== null) ?? nameFault(args, files);
}

/** Of `-t`: the words stand in the name of a test of the files. */
function nameFault(args: readonly string[], files: readonly string[]): string | null {
  const name = args[args.indexOf("-t") + 1];
  if (!args.includes("-t") || name === undefined) return null;
  const isThere = files.some((file) => readFileSync(root + file, "utf8").includes(name));
  return isThere ? null : `no test of ${files.join(", ")} has "${name}" in its name`;
}

function nodeFault([file = "", program = ""]: readonly string[]): string | null {
  const fault = fileFault(file);
  if (fault !== null || file !== "tools/run.mjs") return fault;
  return program.includes("/") ? fileFault(program) : binFault(program);
}

function fileFault(path: string): string | null {
  return existsSync(root + path) ? null : `there is no ${path}`;
}

function binFault(name: string): string | null {
  return fileFault(`node_modules/.bin/${name}`);
}

/** Every command of the tree. */
function tree(command: Command): Command[] {
  return [command, ...command.commands.flatMap(tree)];
}

/** `charter` as it is, except that its commands do nothing. */
function quietProgram(): Command {
  const program = createProgram();
  for (const command of tree(program)) {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
  }
  return program;
}

async function charterFault(args: readonly string[]): Promise<string | null> {
  try {
    await quietProgram().parseAsync(args, { from: "user" });
    return null;
  } catch (error) {
    if (error instanceof CommanderError || error instanceof UnknownCommandError) return error.message;
    throw error;
  }
}

/** Looks at commands and options only: what stands for an argument may be anything. */
function mentionedCharterFault(args: readonly string[]): string | null {
  let command = createProgram();
  const root = command;
  for (const word of args) {
    const next = command.commands.find(
      (candidate) => candidate.name() === word || candidate.aliases().includes(word),
    );
    if (next === undefined) {
      if (command.commands.length > 0 && /^[a-z]+$/.test(word)) return `charter has no command "${word}"`;
      break;
    }
    command = next;
  }
  const known = [...root.options, ...command.options].flatMap(({ long, short }) => [long, short]);
  const unknown = args
    .map((word) => /^\[?(--?[a-z][a-z-]*)\]?$/.exec(word)?.[1])
    .find((option) => option !== undefined && !known.includes(option));
  return unknown === undefined ? null : `charter ${command.name()} has no option ${unknown}`;
}
