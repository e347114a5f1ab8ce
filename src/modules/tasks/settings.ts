import type { Logger } from "@brain/engine";

export interface TaskSettings {
  /**
   * The switch of the move from plain records to domain events. True (phase 3, the default): changes are domain events
   * and reach the stream. False: a change writes a plain record to `task_legacy_events` and nothing else.
   */
  readonly useNewEventSystem: boolean;
  /** What set it: the name of the variable, or `default`. */
  readonly switchSource: string;
}

/** Phase 4: by then the switch, the old path and its table are gone. */
export const switchEndsOn = "2026-12-31";

export function modeOf({ useNewEventSystem }: TaskSettings): "domain_events" | "legacy_events" {
  return useNewEventSystem ? "domain_events" : "legacy_events";
}

/** The line about the switch that every start logs. */
export function logTaskSwitch(settings: TaskSettings, log: Logger): void {
  const fields = {
    setting: "USE_NEW_EVENT_SYSTEM",
    value: settings.useNewEventSystem,
    mode: modeOf(settings),
    source: settings.switchSource,
    ends_on: switchEndsOn,
  };
  if (settings.useNewEventSystem) log.info(fields, "tasks: changes are domain events");
  else log.warn(fields, "tasks: the old path is on; changes are plain records and publish nothing");
}
