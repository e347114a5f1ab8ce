/** One of the local gateways, in a process of its own, so that it can be killed alone. */

import { flushCompileCache } from "node:module";
import { startNeonGateway } from "../../../workers/local/neon/gateway.ts";
import { startUpstashGateway } from "../../../workers/local/upstash/gateway.ts";

/** In `CHAOS_GATEWAY`, as JSON. */
export type GatewaySettings =
  | { readonly kind: "redis"; readonly redisUrl: string; readonly token: string }
  | { readonly kind: "postgres"; readonly databaseUrl: string };

async function main(settings: GatewaySettings): Promise<void> {
  const url =
    settings.kind === "redis"
      ? (await startUpstashGateway(settings)).url
      : (await startNeonGateway(settings)).connectionString();
  process.once("disconnect", () => process.exit(0));
  flushCompileCache();
  process.send?.({ url });
}

await main(JSON.parse(process.env.CHAOS_GATEWAY ?? "{}") as GatewaySettings);
