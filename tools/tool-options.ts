import { type ParseArgsConfig, parseArgs } from "node:util";

/**
 * The options of a program of this project. With `--help` it ends with its usage, and with 2 when it is given something
 * else: most often the "--" is missing, and npm kept the options for itself.
 *
 * @param usage one line, e.g. `usage: npm run build`
 */
export function readToolOptions<const T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    return endWithUsage(error instanceof Error ? error.message : String(error), usage);
  }
}

/** @param fault what was given wrong */
export function endWithUsage(fault: string, usage: string): never {
  console.error(`${fault}\n${usage}`);
  process.exit(2);
}
