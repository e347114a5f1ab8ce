import { createVault, defineModule, rewrapSecrets } from "@brain/engine";
import {
  missionCancelled,
  missionCompleted,
  missionCreated,
  missionFailed,
  missionStarted,
  taskAssigned,
  taskCancelled,
  taskClaimed,
  taskCompleted,
  taskCreated,
  taskFailed,
  taskLeaseCreated,
  taskRetrying,
  taskScheduled,
  taskStarted,
} from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { hostNamesPort } from "../ports/host-names.ts";
import { missionHandlerPort } from "../ports/mission-handler.ts";
import { templatesLimit } from "./limits.ts";
import { sealedMissionColumns } from "./secrets.ts";
import { missionSettings } from "./settings.ts";
import * as tables from "./tables.ts";
import { missionWorker } from "./worker.ts";

/** A queue of missions, the worker that does them, and templates for them. */
export const missions = defineModule({
  name: "missions",
  events: [
    taskCreated,
    taskAssigned,
    taskStarted,
    taskCompleted,
    taskFailed,
    taskCancelled,
    taskRetrying,
    taskScheduled,
    taskClaimed,
    taskLeaseCreated,
    missionCreated,
    missionStarted,
    missionCompleted,
    missionFailed,
    missionCancelled,
  ],
  tables: [tables],
  settings: missionSettings,
  needs: { handlers: missionHandlerPort.all, resolve: hostNamesPort.optional },
  jobs: ({ settings, ports }) => [
    ...(settings.worker ? [missionWorker({ ...settings, ...ports })] : []),
    rewrapSecrets("mission_secrets", createVault(settings.secretsKeys), sealedMissionColumns),
  ],
  limits: [templatesLimit],
  routes: ({ settings, ports }): Mount[] => [
    {
      path: "/api/missions",
      routes: async () => (await import("./routes.ts")).missionRoutes({ ...settings, ...ports }),
    },
  ],
});
