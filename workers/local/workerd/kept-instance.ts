/** A worker in a workerd that comes back by itself, at the same address, whatever ended it. */

import { createRestarts } from "../processes/supervise.ts";
import { watchPulse } from "./pulse.ts";
import { type Instance, type InstanceOptions, type Modules, startInstance } from "./runtime-instance.ts";

export interface KeptOptions extends Omit<InstanceOptions, "onLost" | "onRestart"> {
  /** A workerd that lets nobody answer for so long, ms, is ended and started again; null: nobody looks. */
  readonly busyLimitMs: number | null;
  /** There is another workerd, which knows nothing of what the one before had begun. */
  readonly onBack: () => void;
}

export interface KeptInstance
  extends Pick<Instance, "url" | "inspectorUrl" | "reload" | "crash" | "runCron"> {
  dispose(): Promise<void>;
}

/**
 * Starts the worker and waits until it answers.
 *
 * @throws Error when it does not load or the port is taken
 */
export async function keepInstance(options: KeptOptions): Promise<KeptInstance> {
  const { name, busyLimitMs, onLog, onBack } = options;
  let { modules } = options;
  const start = (port: number, inspectorPort: number | null) => {
    // Told once: what a lost instance says later is about itself.
    let lost = false;
    const onLost = (reason: string) => {
      if (!lost) void comeBack(reason);
      lost = true;
    };
    return startInstance({ ...options, modules, port, inspectorPort, onLost, onRestart: onBack });
  };
  const end = (instance: Instance) => instance.dispose().catch(() => undefined);
  let current = await start(options.port, options.inspectorPort);
  const { url, inspectorUrl } = current;
  const again = () =>
    start(Number(new URL(url).port), inspectorUrl === null ? null : Number(new URL(inspectorUrl).port));
  const restarts = createRestarts(`workerd of ${name}`, again, end, (line) => onLog("warn", line));
  const comeBack = async (reason: string) => {
    await end(current);
    const next = await restarts.start(`is gone (${reason})`);
    if (next === null) return;
    current = next;
    onBack();
  };
  const pulse = busyLimitMs === null ? null : watchBusy(name, () => current, busyLimitMs, onLog);
  return {
    url,
    inspectorUrl,
    async reload(next: Modules) {
      await current.reload(next);
      modules = next;
    },
    crash: () => current.crash(),
    runCron: (cron) => current.runCron(cron),
    async dispose() {
      pulse?.stop();
      await restarts.stop();
      await end(current);
    },
  };
}

/** Ends a workerd that lets nobody answer, as a limit of processor time would; Miniflare starts another. */
function watchBusy(name: string, current: () => Instance, limitMs: number, onLog: InstanceOptions["onLog"]) {
  return watchPulse({
    limitMs,
    ask: () => current().pulse(),
    usedMs: () => current().usedMs(),
    async onStuck() {
      onLog(
        "warn",
        `! workerd of ${name} has let nobody answer for ${limitMs / 1_000} s: a handler or a request keeps its thread busy, an endless loop perhaps. It is ended, as Workers end who uses up their processor time, and started again; an event that does this each time becomes a dead letter.`,
      );
      await current()
        .crash()
        .catch((error: unknown) =>
          onLog("error", `! workerd of ${name} could not be ended: ${String(error)}`),
        );
    },
  });
}
