import { defineSettings, type VaultKeys, whole } from "@brain/engine";
import { linkBase } from "../../http/kit/public-url.ts";
import type { ResolveHost } from "../ports/host-names.ts";
import { hostsOf, privateHosts, publicUrl, secretsKeys, vaultKeysOf } from "../shared-settings.ts";

/** The job that sends what is due. */
export const deliveryJob = "webhook_delivery";

interface OwnSettings {
  /** Days after which an endpoint that took nothing is disabled. */
  readonly disableDays: number;
  /** Hosts that may be called although they are private, `name` or `name:port`. */
  readonly httpAllow: readonly string[];
  readonly secretsKeys: VaultKeys;
  /** Origin at which JSON Schemas of events are served; null: CloudEvents name none. */
  readonly schemas: string | null;
}

/** With what the host answers. */
export interface WebhookSettings extends OwnSettings {
  /** Null where names cannot be resolved here. */
  readonly resolve: ResolveHost | null;
}

export const webhookSettings = defineSettings(
  { ...secretsKeys, ...privateHosts, ...publicUrl, BRAIN_WEBHOOK_DISABLE_DAYS: whole(1, 30).default(5) },
  (env): OwnSettings => ({
    disableDays: env.BRAIN_WEBHOOK_DISABLE_DAYS,
    httpAllow: hostsOf(env.BRAIN_MISSION_HTTP_ALLOW),
    secretsKeys: vaultKeysOf(env),
    schemas: env.BRAIN_PUBLIC_URL === undefined ? null : linkBase(env.BRAIN_PUBLIC_URL),
  }),
);
