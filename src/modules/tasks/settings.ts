import { defineSettings, flag, type Logger } from "@brain/engine";

export interface TaskSettings {
  /**
   * The switch of the move from plain records to domain events. True (phase 3, the default): changes are domain events
   * and reach the stream. False: a change writes a plain record to `task_legacy_events` and nothing else.
   */
  readonly useNewEventSystem: boolean;
  /** What set it: the name of the variable, or `default`. */
  readonly switchSource: string;
}

export const taskSettings = defineSettings(
  {
    USE_NEW_EVENT_SYSTEM: flag.optional(),
    /** The same under its older name. */
    MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: flag.optional(),
  },
  ({ USE_NEW_EVENT_SYSTEM: current, MISSION_CONTROL_USE_NEW_EVENT_SYSTEM: older }, fault): TaskSettings => {
    if (current !== undefined && older !== undefined && current !== older)
      fault("MISSION_CONTROL_USE_NEW_EVENT_SYSTEM", "differs from USE_NEW_EVENT_SYSTEM; set one of them");
    if (current !== undefined) return { useNewEventSystem: current, switchSource: "USE_NEW_EVENT_SYSTEM" };
    if (older !== undefined)
      return { useNewEventSystem: older, switchSource: "MISSION_CONTROL_USE_NEW_EVENT_SYSTEM" };
    // Phase 3 of the move: the new path is what everybody gets.
    return { useNewEventSystem: true, switchSource: "default" };
  },
);

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
