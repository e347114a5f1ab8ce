import { defineModule } from "@brain/engine";
import { auditLogConsumer } from "./consumer.ts";
import { auditLogSettings } from "./settings.ts";
import { tellRoots } from "./tell-roots.ts";

/** What happened, whoever told of it: entries of other programs beside the record. */
export const auditLog = defineModule({
  name: "audit_log",
  events: [],
  settings: auditLogSettings,
  consumers: () => [auditLogConsumer],
  jobs: ({ settings }) => [tellRoots(settings)],
});
