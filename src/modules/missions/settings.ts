import type { MissionHandler } from "../ports/mission-handler.ts";

/** The job that works the queue off. */
export const workerJob = "mission_worker";

export type ResolveHost = (host: string) => Promise<readonly string[]>;

export interface MissionSettings {
  /** What missions can do, beside the built-in `echo` and `http_call`. */
  readonly handlers: readonly MissionHandler[];
  /** False: missions are accepted and wait. */
  readonly worker: boolean;
  /** Hosts that `http_call` may reach although they are private, `name` or `name:port`. */
  readonly httpAllow: readonly string[];
  /**
   * The addresses of a name, to be judged before a call; rejects when there are none. Left out where the host resolves
   * where nobody can look: Cloudflare's network, from which no private address is reached.
   */
  readonly resolve?: ResolveHost;
  /** A worker that vanished is succeeded after this time, ms; default 30,000. */
  readonly leaseMs?: number;
  /** Missions that one run of the worker does side by side; default 3, for Workers allow six connections at a time. */
  readonly concurrency?: number;
}
