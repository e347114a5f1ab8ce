import { type DemoApi, DemoError, isOnThisMachine } from "./api.ts";
import { catalogue, visits } from "./catalogue.ts";
import { createChoices, idOf } from "./choices.ts";
import { sales } from "./commerce.ts";
import { story } from "./governance.ts";
import { history } from "./history.ts";
import { type Stage, type Step, storyOf } from "./stage.ts";
import { operators, poison, webhook } from "./trouble.ts";
import { agentLife, learning, missions, taskItems } from "./work.ts";

/** In the order in which they build on each other. */
const steps: readonly Step[] = [
  catalogue,
  webhook,
  story,
  history,
  sales,
  learning,
  taskItems,
  missions,
  agentLife,
  poison,
  visits,
  operators,
];

export interface DemoOptions {
  /** What looks random is the same for the same seed. */
  readonly seed: number;
  /** Also on a system that is not of this machine, or holds events already. */
  readonly force: boolean;
  /** Called before each step and at the end. @param done steps that are done */
  readonly onProgress: (done: number, total: number, step: string) => void;
}

/** Where to look. */
export interface DemoPlace {
  readonly what: string;
  /** Path of the API, from the system's address. */
  readonly path: string;
  /** Path of the console's page, which asks for the key once. */
  readonly page: string;
}

export interface DemoReport {
  /** False: the world was there, and nothing was added. */
  readonly added: boolean;
  readonly seed: number;
  /** Events of the record by type, of the newest 10,000. */
  readonly events: number;
  readonly courses: number;
  readonly deadLetters: number;
  readonly places: readonly DemoPlace[];
}

/**
 * Makes the world through the API of a running system. Run again with the same seed it adds nothing; one that was
 * interrupted is made whole.
 *
 * @throws {DemoError} the system is not of this machine, or holds something else, and `force` is not set; or a request
 *   was refused: what was made until then stays
 */
export async function makeDemo(api: DemoApi, options: DemoOptions): Promise<DemoReport> {
  const { seed, force, onProgress } = options;
  if (!force && !isOnThisMachine(api.url)) {
    throw new DemoError(
      `${api.url} is not on this machine. The demo writes courses, payments and failures that would stay there; with --yes it does so all the same.`,
    );
  }
  if ((await timeOf(api, seed, "the end")) !== null) {
    onProgress(steps.length, steps.length, "already there");
    return report(api, seed, false);
  }
  const stage: Stage = {
    ...{ api, seed, choices: createChoices(seed), made: new Map() },
    nowMs: await begin(api, seed, force),
  };
  for (const [done, step] of steps.entries()) {
    onProgress(done, steps.length, step.name);
    await step.run(stage);
  }
  await mark(api, seed, "the end");
  onProgress(steps.length, steps.length, "done");
  return report(api, seed, true);
}

type Mark = "the beginning" | "the end";

const markId = (seed: number, mark: Mark) => idOf(seed, `mark of ${mark}`);

/** When this was reached, Unix ms; null: it was not. */
async function timeOf(api: DemoApi, seed: number, mark: Mark): Promise<number | null> {
  const { status, body } = await api.send("GET", `/api/events/${markId(seed, mark)}`, { fine: [404] });
  return status === 404 ? null : Date.parse(body.timestamp);
}

/**
 * When the making began, Unix ms. One that goes on where another was interrupted has the time of that: what happened in
 * the week before is the same then, to the millisecond.
 */
async function begin(api: DemoApi, seed: number, force: boolean): Promise<number> {
  const before = await timeOf(api, seed, "the beginning");
  if (before !== null) return before;
  if (!force) await requireEmpty(api);
  await mark(api, seed, "the beginning");
  const begun = await timeOf(api, seed, "the beginning");
  if (begun !== null) return begun;
  throw new DemoError(`${api.url} took the first event of the demo, and does not show it.`);
}

/** An event of the demo itself tells how far it is, so that nothing else has to be kept. */
async function mark(api: DemoApi, seed: number, which: Mark): Promise<void> {
  await api.send("POST", "/api/events", {
    body: {
      id: markId(seed, which),
      type: "broadcast",
      source: "charter_demo",
      payload: { from: "charter_demo", message: { text: `The demo world: ${which}.`, seed } },
    },
    story: storyOf({ seed }, "marks"),
  });
}

interface Stats {
  readonly event_type_counts: Readonly<Record<string, number>>;
  readonly dead_letters: number;
}

async function statsOf(api: DemoApi): Promise<Stats> {
  return (await api.send("GET", "/api/events/stats")).body;
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** @throws {DemoError} there are events */
async function requireEmpty(api: DemoApi): Promise<void> {
  const events = sum((await statsOf(api)).event_type_counts);
  if (events === 0) return;
  throw new DemoError(
    `${api.url} holds ${events} events already, so the demo would stand between them. With --yes it is made all the same; to begin with an empty system, stop npm start and give it another BRAIN_DATA_DIR.`,
  );
}

async function report(api: DemoApi, seed: number, added: boolean): Promise<DemoReport> {
  const { event_type_counts: counts, dead_letters: deadLetters } = await statsOf(api);
  const place = (what: string, path: string, page: string): DemoPlace => ({ what, path, page });
  const story = storyOf({ seed }, "long-story");
  return {
    added,
    seed,
    events: sum(counts),
    courses: counts["distribution.published"] ?? 0,
    deadLetters,
    places: [
      place("the long story", `/api/events/correlation/${story}`, `/stories/${story}`),
      place("dead letters in groups", "/api/dead-letters/groups", "/dead-letters"),
      place("an approval that waits", "/api/ir/approvals/pending?tenant_id=werkstatt", "/approvals"),
      place("alerts, with the next tick", "/api/alerts", "/alerts"),
      place("missions", "/api/missions", "/missions"),
      place("the funnel of the week", "/api/analytics/funnel", "/analytics"),
    ],
  };
}
