import { defineSettings, flag, type VaultKeys } from "@brain/engine";
import type { ResolveHost } from "../ports/host-names.ts";
import type { MissionHandler } from "../ports/mission-handler.ts";
import { hostsOf, privateHosts, secretsKeys, vaultKeysOf } from "../shared-settings.ts";

/** The job that works the queue off. */
export const workerJob = "mission_worker";

interface QueueSettings {
  /** False: missions are accepted and wait. */
  readonly worker: boolean;
  /** Hosts that `http_call` may reach although they are private, `name` or `name:port`. */
  readonly httpAllow: readonly string[];
  /** What secrets of missions and templates are sealed with. */
  readonly secretsKeys: VaultKeys;
}

/** With what other modules and the host answer. */
export interface MissionSettings extends QueueSettings {
  /** What missions can do, beside the built-in `echo` and `http_call`. */
  readonly handlers: readonly MissionHandler[];
  /**
   * The addresses of a name, to be judged before a call; rejects when there are none. Left out or null where the host
   * resolves where nobody can look: Cloudflare's network, from which no private address is reached.
   */
  readonly resolve?: ResolveHost | null;
  /** A worker that vanished is succeeded after this time, ms; default 30,000. */
  readonly leaseMs?: number;
  /** Missions that one run of the worker does side by side; default 3, for Workers allow six connections at a time. */
  readonly concurrency?: number;
}

export const missionSettings = defineSettings(
  {
    ...secretsKeys,
    ENABLE_MISSION_WORKER: flag.default(true),
    ...privateHosts,
  },
  (env): QueueSettings => ({
    worker: env.ENABLE_MISSION_WORKER,
    httpAllow: hostsOf(env.BRAIN_MISSION_HTTP_ALLOW),
    secretsKeys: vaultKeysOf(env),
  }),
);
