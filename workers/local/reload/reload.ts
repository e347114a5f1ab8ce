/** `npm run dev`: a change of the source reaches the workers that run. */

import { setTimeout as delay } from "node:timers/promises";
import { bundleWorkers, root, type WorkerBundles } from "../workerd/bundle.ts";
import { checkComposition } from "./check-composition.ts";
import { watchFolder } from "./watch-folder.ts";

/** What the workers are made of, below the project's folder. */
const folders = ["src", "schemas", "workers", "migrations"] as const;
/** An editor writes a file in several steps, and a branch brings many files, ms. */
const gatherMs = 60;

export interface ReloadOptions {
  /** What runs now. */
  readonly bundles: WorkerBundles;
  /** @throws Error when the code does not load; then what ran before goes on */
  readonly reload: (bundles: WorkerBundles) => Promise<void>;
  /** Applies new migrations. */
  readonly migrate: () => Promise<void>;
  /** Default: what is on the disk. @throws Error with the compiler's messages */
  readonly build?: () => Promise<WorkerBundles>;
  /** Default: `checkComposition`. @throws Error when events or modules cannot be made; nothing is stopped then */
  readonly check?: () => Promise<void>;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** What happens after a change of `files`, paths below the project's folder. One call at a time. */
export function createReload(options: ReloadOptions): (files: readonly string[]) => Promise<void> {
  const { reload, migrate, say, complain, build = bundleWorkers, check = checkComposition } = options;
  let running = options.bundles;
  /** The last round ended with a fault, so whoever mends it waits for a word. */
  let isBroken = false;
  const tell = (failure: string, error: unknown) => {
    isBroken = true;
    complain(`✗ ${failure}; what ran before goes on.\n${error instanceof Error ? error.message : error}`);
  };
  const succeeds = (failure: string, work: Promise<void>) =>
    work.then(
      () => true,
      (error: unknown) => {
        tell(failure, error);
        return false;
      },
    );
  return async (files) => {
    const startedAt = performance.now();
    say(`… ${describeFiles(files)} changed`);
    if (files.some((file) => file.startsWith("migrations/"))) {
      if (!(await succeeds("the migrations cannot be applied", migrate()))) return;
      say("✓ migrations applied");
    }
    const checked = check().then(
      () => null,
      (error: unknown) => ({ error }),
    );
    const built = await build().catch((error: unknown) => tell("it does not build", error));
    const fault = await checked;
    if (built === undefined) return;
    if (fault !== null) return tell("it cannot be put together", fault.error);
    if (built.api === running.api && built.consumer === running.consumer) {
      say(describeUnchanged(files, isBroken));
      isBroken = false;
      return;
    }
    if (!(await succeeds("it does not start", reload(built)))) return;
    running = built;
    isBroken = false;
    say(`✓ reloaded in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  };
}

function describeUnchanged(files: readonly string[], wasBroken: boolean): string {
  if (wasBroken) return "✓ mended; it is what runs already";
  return files.every((file) => file.startsWith("workers/local/"))
    ? "  what runs around the workers takes effect with a new start"
    : "  nothing that the workers run";
}

function describeFiles(files: readonly string[]): string {
  const [first = "the source"] = files;
  return files.length > 1 ? `${first} and ${files.length - 1} more` : first;
}

export interface SourceWatch {
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

/**
 * Calls `onChange` with the files that changed, below the project's folder, one call at a time; what changes meanwhile
 * is for the next one.
 *
 * @param onChange must not throw
 */
export function watchSource(
  onChange: (files: readonly string[]) => Promise<void>,
  folder: string = root,
): SourceWatch {
  const changed = new Set<string>();
  let running: Promise<void> | null = null;
  let stopped = false;
  const run = async () => {
    while (changed.size > 0 && !stopped) {
      await delay(gatherMs);
      const files = [...changed].sort();
      changed.clear();
      await onChange(files);
    }
    running = null;
  };
  const ends = folders.map((name) =>
    watchFolder(folder, name, (file) => {
      if (!/\.(ts|tsx|sql|json)$/.test(file) || stopped) return;
      changed.add(file);
      running ??= run();
    }),
  );
  return {
    async stop() {
      stopped = true;
      for (const end of ends) end();
      await running;
    },
  };
}
