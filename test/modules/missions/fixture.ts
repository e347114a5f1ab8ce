import { type JobContext, transactAndPublish } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { missions } from "../../../src/modules/missions/index.ts";
import { missionRoutes } from "../../../src/modules/missions/routes.ts";
import type { MissionSettings } from "../../../src/modules/missions/settings.ts";
import { missionWorker } from "../../../src/modules/missions/worker.ts";
import type {
  MissionContext,
  MissionHandler,
  MissionWork,
} from "../../../src/modules/ports/mission-handler.ts";
import { testSecretsKey } from "../../backbone.ts";
import { createSurface, type Reply, type Surface } from "../../http/surface.ts";

/** The missions module with the handlers of a test, on real Redis and Postgres. Nobody works before the test says so. */
export interface MissionSurface extends Surface {
  /** One run of the worker, as long as something is due; `isOver` ends it earlier. */
  work(isOver?: () => boolean): Promise<Date | null>;
  job(isOver?: () => boolean): JobContext;
  enqueue(fields: JsonObject): Promise<string>;
  get(path: string): Promise<Reply>;
  /** Makes every wait and every lease end now. */
  hurry(): Promise<void>;
  /** Events of a mission in order. */
  story(id: string): Promise<StoryEvent[]>;
}

export interface StoryEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly severity: string | null;
  readonly causation_id: string | null;
  readonly correlation_id: string;
  readonly mission_id: string;
  readonly task_id: string;
  readonly tenant_id: string | null;
  readonly payload: Record<string, unknown>;
}

const secretsKeys = { current: testSecretsKey, previous: null };

/** @param now the clock of requests, Unix ms; left out: the real one */
export async function createMissions(
  settings: Partial<MissionSettings> = {},
  now?: () => number,
): Promise<MissionSurface> {
  const complete: MissionSettings = { handlers: [], worker: true, httpAllow: [], secretsKeys, ...settings };
  const routes = missionRoutes(complete);
  const worker = missionWorker(complete);
  const surface = await createSurface({
    mounts: [{ path: "/api/missions", routes }],
    limits: missions.limits,
    jobs: [worker],
    ...(now === undefined ? {} : { now }),
  });
  const job: MissionSurface["job"] = (isOver = () => false) => {
    const { db, log, catalog, publish } = surface.open();
    return {
      db,
      log,
      catalog,
      now: () => new Date(),
      isOver,
      transact: (context, run) => transactAndPublish(db, publish, context, run),
    };
  };
  return {
    ...surface,
    job,
    work: (isOver) => worker.run(job(isOver)),
    get: (path) => surface.send(`/api/missions${path}`),
    async enqueue(fields) {
      const reply = await surface.post("/api/missions/enqueue", fields);
      if (reply.status !== 202) throw new Error(`enqueue: ${reply.status} ${reply.text}`);
      return reply.body.mission_id;
    },
    async hurry() {
      await surface.sql("UPDATE missions SET due_at = now() WHERE status IN ('queued', 'running')");
    },
    story: (id) =>
      surface.sql<StoryEvent>("SELECT * FROM events WHERE mission_id = $1 ORDER BY position", [id]),
  };
}

/** A handler of type `test.{name}` that does what the test says. */
export function handler(
  name: string,
  execute: (mission: MissionWork, context: MissionContext) => ReturnType<MissionHandler["execute"]>,
  rest: Partial<MissionHandler> = {},
): MissionHandler {
  return { type: `test.${name}`, describe: "For tests.", validate: () => null, execute, ...rest };
}
