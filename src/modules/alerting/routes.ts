import { ConflictError, recordAction } from "@brain/engine";
import { Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { withoutBody } from "../../http/kit/routing.ts";
import { deliveryJob } from "./deliver.ts";
import type { AlertingSettings } from "./settings.ts";
import { insertMessages, sinkStates } from "./store.ts";

const mayRead = requires("operations:read", "all_tenants");
const mayOperate = requires("operate", "all_tenants");

/** The routes below `/api/alert-sinks`. */
export function alertingRoutes({
  sinks,
  asEvents,
}: Pick<AlertingSettings, "sinks" | "asEvents">): Hono<ModuleEnv> {
  const kinds = sinks.map(({ kind }) => kind);
  return new Hono<ModuleEnv>()
    .get("/", mayRead, async (c) =>
      c.json({ sinks: await sinkStates(c.var.services.db, kinds), log: true, events: asEvents }),
    )
    .post("/test", mayOperate, withoutBody(), async (c) => {
      const { services } = c.var;
      if (kinds.length === 0) {
        throw new ConflictError(
          "There is no sink to test. Set BRAIN_ALERT_WEBHOOK_URL or BRAIN_ALERT_SLACK_URL.",
        );
      }
      const { testMessageFor } = await import("./messages.ts");
      const messages = kinds.map((kind) => ({
        message_id: crypto.randomUUID(),
        sink: kind,
        body: testMessageFor(kind, services.now().toISOString()),
      }));
      await services.db.transaction(async (tx) => {
        await insertMessages(tx, messages, true);
        const { actorId, requestId } = services;
        await recordAction(tx, { action: "alert.sinks_tested", actorId, requestId, affected: kinds.length });
      });
      services.schedule(deliveryJob, services.now());
      return c.json({ messages: messages.map(({ message_id, sink }) => ({ message_id, sink })) }, 202);
    });
}
