import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, createLogger } from "@brain/engine";
import { createLineFolder } from "../../src/cli/line-folder.ts";
import { createTaskEventDispatcher } from "../../src/modules/tasks/dispatcher.ts";
import { createJsonlTaskEvents } from "../../src/modules/tasks/jsonl-events.ts";
import { createPostgresTaskEvents, rowsOf } from "../../src/modules/tasks/postgres-events.ts";
import type { TaskEventRepository } from "../../src/modules/tasks/repository.ts";
import { createTaskEvent } from "../../src/modules/tasks/task-events.ts";
import { waitFor } from "../wait-for.ts";
import { type Stack, startStack } from "./connect.ts";
import { type Check, checkLines, numberOptions, percentiles } from "./report.ts";

/*
 * `npm run bench seeds`: the numbers that the first plans of this system demand, each measured, with pass or FAIL.
 *
 *   publish     what it adds to a transaction with one insert: the difference of two medians, in alternating requests
 *   course      what all events of a course's story, published in one request, add to it: the same difference. More than
 *               the request of a real course has, because consumers publish some of them later
 *   dispatch    the mean of a dispatch of a task event: persist, then handle; on files, and on Postgres
 *   failed      of courses: failed / (completed + failed); of deliveries: dead letters / (claims + dead letters)
 */

const rounds = { overhead: 300, dispatch: 500 } as const;

/** @returns the exit code: 1 when a number is not met */
export async function benchSeeds(args: readonly string[]): Promise<number> {
  const { courses, rounds: overheadRounds } = numberOptions(args, { courses: 20, rounds: rounds.overhead });
  const product = await startStack("product");
  const checks: Check[] = [];
  let events: number;
  try {
    const flow = await measureCourses(product, courses);
    events = flow.eventsPerCourse;
    checks.push(...flow.checks);
  } finally {
    await product.stop();
  }
  const bench = await startStack("bench");
  try {
    checks.unshift(...(await measureOverhead(bench, events, overheadRounds)));
    const postgres = createPostgresTaskEvents(rowsOf(createDatabase(bench.info.neonUrl)), () => new Date());
    checks.push(await measureDispatch("Postgres", postgres));
    const folder = await mkdtemp(join(tmpdir(), "brain-bench-tasks-"));
    checks.push(await measureDispatch("files", createJsonlTaskEvents(createLineFolder(folder), silent)));
    await rm(folder, { recursive: true, force: true });
  } finally {
    await bench.stop();
  }
  console.log(checkLines(checks));
  return checks.every(({ holds }) => holds) ? 0 : 1;
}

const silent = createLogger(() => undefined, "error", Date.now);
const ms = (value: number) => `${value.toFixed(1)} ms`;

async function measureOverhead(stack: Stack, perCourse: number, count: number): Promise<Check[]> {
  const times = new Map<number, number[]>([0, 1, perCourse].map((events) => [events, []]));
  for (let round = -10; round < count; round += 1) {
    for (const [events, found] of times) {
      const startedMs = performance.now();
      await (await stack.call(`/bench/transaction?publish=${events}`)).text();
      // The first ones warm up.
      if (round >= 0) found.push(performance.now() - startedMs);
    }
  }
  const median = (events: number) => percentiles(times.get(events) ?? []).p50;
  const one = median(1) - median(0);
  const course = median(perCourse) - median(0);
  return [
    {
      what: "overhead of publishing one event",
      measured: `${ms(one)} (${ms(median(1))} with, ${ms(median(0))} without, n = ${count} each)`,
      demanded: "< 2 ms",
      holds: one < 2,
    },
    {
      what: "latency that its events add to the course flow",
      measured: `${ms(course)} (${perCourse} events in one request, ${ms(course / perCourse)} each)`,
      demanded: "< 100 ms",
      holds: course < 100,
    },
  ];
}

async function measureCourses(
  { call, db }: Stack,
  count: number,
): Promise<{ readonly eventsPerCourse: number; readonly checks: readonly Check[] }> {
  const course = JSON.stringify({
    tenant_id: "bench",
    title: "Keeping bees on the balcony",
    description: "Everything a beginner needs to know for the first year with a hive on a small balcony.",
    language: "en",
    target_audiences: ["private_individuals"],
    dry_run: false,
  });
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedMs = performance.now();
    await (await call("/api/course-factory/generate", course)).text();
    times.push(performance.now() - startedMs);
  }
  const number = async (text: string) => Number((await db.query(text)).rows[0].n);
  await waitFor(
    "each course at its staging, or given up",
    async () => ({
      done: await number("SELECT count(*) AS n FROM events WHERE type = 'course.deployed.staging'"),
      dead: await number("SELECT count(*) AS n FROM dead_letters"),
    }),
    ({ done, dead }) => done + dead >= count,
    { timeoutMs: 120_000, everyMs: 100 },
  );
  const completed = await number(
    "SELECT count(*) AS n FROM events WHERE type = 'course.generation.completed'",
  );
  const failed = await number("SELECT count(*) AS n FROM events WHERE type = 'course.generation.failed'");
  const dead = await number("SELECT count(*) AS n FROM dead_letters");
  const claims = await number("SELECT count(*) AS n FROM processed_events");
  const events = await number("SELECT count(*) AS n FROM events");
  const share = (bad: number, all: number) => (all === 0 ? 1 : bad / all);
  const check = (what: string, bad: number, all: number, of: string): Check => ({
    what,
    measured: `${(100 * share(bad, all)).toFixed(2)} % (${bad} of ${all} ${of})`,
    demanded: "< 1 %",
    holds: share(bad, all) < 0.01,
  });
  console.log(`a course, from request to answer: ${ms(percentiles(times).p50)} (median of ${count})`);
  return {
    eventsPerCourse: Math.ceil(events / count),
    checks: [
      check("courses that failed", failed, completed + failed, "courses"),
      check("deliveries that became dead letters", dead, claims + dead, "deliveries"),
    ],
  };
}

async function measureDispatch(on: string, repository: TaskEventRepository): Promise<Check> {
  let handled = 0;
  const dispatcher = createTaskEventDispatcher(
    repository,
    {
      TaskCreated: async () => {
        handled += 1;
      },
    },
    { log: silent },
  );
  const startedMs = performance.now();
  for (let index = 0; index < rounds.dispatch; index += 1) {
    await dispatcher.dispatch(
      createTaskEvent({
        eventType: "TaskCreated",
        eventId: crypto.randomUUID(),
        timestamp: new Date().toISOString(),
        taskId: `bench-${index}`,
        title: "Order frames",
        priority: "P2",
        status: "NOT_STARTED",
      }),
    );
  }
  const mean = (performance.now() - startedMs) / rounds.dispatch;
  if (handled !== rounds.dispatch) throw new Error(`${handled} of ${rounds.dispatch} were handled`);
  return {
    what: `dispatch of a task event, on ${on}`,
    measured: `${ms(mean)} (mean of ${rounds.dispatch})`,
    demanded: "< 10 ms",
    holds: mean < 10,
  };
}
