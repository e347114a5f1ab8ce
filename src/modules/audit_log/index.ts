import { defineModule } from "@brain/engine";
import { auditLogConsumer } from "./consumer.ts";

/** What happened, whoever told of it: entries of other programs beside the record. */
export const auditLog = defineModule({
  name: "audit_log",
  events: [],
  consumers: () => [auditLogConsumer],
});
