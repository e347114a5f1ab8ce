import {
  type AlertSeverity,
  calledUrl,
  defineSettings,
  flag,
  refusedHost,
  severities,
  whole,
} from "@brain/engine";
import * as z from "zod";
import type { ResolveHost } from "../ports/host-names.ts";
import { hostsOf, privateHosts } from "../shared-settings.ts";

/** Where messages are posted to. */
export type PostedSink =
  | { readonly kind: "webhook"; readonly url: string; readonly secret: string }
  | { readonly kind: "slack"; readonly url: string };

interface OwnSettings {
  readonly sinks: readonly PostedSink[];
  /** Alerts are told as `system.alert` events, too. */
  readonly asEvents: boolean;
  /** What is less severe is told nobody. */
  readonly least: AlertSeverity;
  /** Messages within an hour; what comes meanwhile waits, and is told together. */
  readonly messagesPerHour: number;
  /** Hosts that may be called although they are private. */
  readonly httpAllow: readonly string[];
}

/** With what the host answers. */
export interface AlertingSettings extends OwnSettings {
  /** Null where names cannot be resolved here. */
  readonly resolve: ResolveHost | null;
}

export const alertingSettings = defineSettings(
  {
    ...privateHosts,
    BRAIN_ALERT_WEBHOOK_URL: calledUrl.optional(),
    BRAIN_ALERT_WEBHOOK_SECRET: z.string().min(16, "expected at least 16 characters").optional(),
    BRAIN_ALERT_SLACK_URL: calledUrl.optional(),
    BRAIN_ALERT_EVENTS: flag.default(false),
    BRAIN_ALERT_LEAST: z.enum(severities).default("warning"),
    BRAIN_ALERT_MESSAGES_PER_HOUR: whole(1, 3_600).default(12),
  },
  (env, fault): OwnSettings => {
    const httpAllow = hostsOf(env.BRAIN_MISSION_HTTP_ALLOW);
    for (const name of ["BRAIN_ALERT_WEBHOOK_URL", "BRAIN_ALERT_SLACK_URL"] as const) {
      const url = env[name];
      const refused = url === undefined ? null : refusedHost(new URL(url), httpAllow);
      if (refused !== null) fault(name, refused);
    }
    const {
      BRAIN_ALERT_WEBHOOK_URL: url,
      BRAIN_ALERT_WEBHOOK_SECRET: secret,
      BRAIN_ALERT_SLACK_URL: slack,
    } = env;
    if (url !== undefined && secret === undefined)
      fault(
        "BRAIN_ALERT_WEBHOOK_SECRET",
        "is missing; BRAIN_ALERT_WEBHOOK_URL needs it, because messages are signed",
      );
    return {
      sinks: [
        ...(url === undefined || secret === undefined ? [] : [{ kind: "webhook" as const, url, secret }]),
        ...(slack === undefined ? [] : [{ kind: "slack" as const, url: slack }]),
      ],
      asEvents: env.BRAIN_ALERT_EVENTS,
      least: env.BRAIN_ALERT_LEAST,
      messagesPerHour: env.BRAIN_ALERT_MESSAGES_PER_HOUR,
      httpAllow,
    };
  },
);
