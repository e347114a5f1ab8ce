import { randomUUID } from "node:crypto";
import { readCompatibility, type WorkerBundles } from "../../workers/local/workerd/bundle.ts";
import type { Lookup } from "../../workers/local/workerd/host-names.ts";
import { type RunningWorkers, runWorkers } from "../../workers/local/workerd/run-workers.ts";
import { envOf, sandboxEnv, type TestEnv, testApiKey } from "../backbone.ts";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import type { Served } from "./course-flow.ts";

export interface Edge extends Served {
  readonly workers: RunningWorkers;
  readonly sandbox: Sandbox;
  readonly logs: string[];
  sql<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/**
 * The built workers in workerd, on a database and a stream of their own. No cron tick comes by itself.
 *
 * @param host.archiveDir folder of the archive; left out: there is none
 * @param host.lookup what the workers are told of names; left out: what the system says
 * @param host.busyLimitMs when workerd is ended that lets nobody answer, ms; left out: never
 * @param host.flags compatibility flags beside those of a deployment
 */
export async function startEdge(
  bundles: WorkerBundles,
  env: TestEnv = {},
  {
    flags = [],
    ...host
  }: {
    readonly archiveDir?: string;
    readonly lookup?: Lookup;
    readonly flags?: readonly string[];
    readonly busyLimitMs?: number;
  } = {},
): Promise<Edge> {
  const sandbox = await createSandbox();
  const compatibility = await readCompatibility();
  const logs: string[] = [];
  const workers = await runWorkers({
    bundles,
    compatibility: { ...compatibility, flags: [...compatibility.flags, ...flags] },
    bindings: sandboxEnv(sandbox, { BRAIN_LEASE_MS: "1000", ...envOf(sandbox, env) }),
    port: 0,
    ...host,
    onLog: (_level, message) => {
      logs.push(message);
    },
  });
  return {
    url: workers.url,
    key: testApiKey,
    workers,
    sandbox,
    logs,
    sql: sandbox.sql,
    async stop() {
      await workers.dispose();
      await sandbox.cleanup();
    },
  };
}

/** Rows of what follows FROM. */
export async function countOf(edge: Edge, from: string, params: unknown[] = []): Promise<number> {
  const [row] = await edge.sql<{ count: string }>(`SELECT count(*) AS count FROM ${from}`, params);
  return Number(row?.count);
}

/** The event of a course that another program made. */
export function completedCourse(courseId: string) {
  return {
    id: randomUUID(),
    type: "course.generation.completed",
    payload: {
      course_id: courseId,
      title: "Keeping bees on the balcony",
      description: "Everything a beginner needs to know for the first year with bees.",
      language: "en",
      target_audiences: ["private_individuals"],
      tenant_id: null,
      total_modules: 4,
      total_lessons: 12,
      full_lessons_generated: 1,
      quiz_questions_count: 15,
      evidence_pack_path: null,
      execution_time_seconds: 0.5,
      deployed: false,
      staging_url: null,
      completed_at: "2026-03-01T10:00:00.000Z",
    },
  };
}
