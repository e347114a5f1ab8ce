import { consuming } from "./consuming/consuming.ts";
import { documentedConsumers } from "./documents/documented-consumers.ts";
import { documentedEvents } from "./documents/documented-events.ts";
import { reading } from "./documents/readable.ts";
import { readmes } from "./documents/readme.ts";
import { catalogued } from "./events/catalogued.ts";
import { envelopes } from "./events/envelopes.ts";
import { naming } from "./events/naming.ts";
import { payloads } from "./events/payload.ts";
import { antiPatterns } from "./modules/anti-patterns.ts";
import { leftovers } from "./modules/leftovers.ts";
import { mandatoryTests } from "./modules/mandatory-tests.ts";
import { openRoutes } from "./modules/open-routes.ts";
import { tenantTables } from "./modules/tenant-tables.ts";
import { mode } from "./publishing/mode.ts";
import { publishing } from "./publishing/publishing.ts";
import { redisKeys } from "./publishing/redis-keys.ts";
import { pythonChecks } from "./python/index.ts";
import { pythonRules } from "./python/own-rules.ts";
import type { Rule } from "./rule.ts";

const lists: readonly Rule[] = [
  ...naming,
  ...catalogued,
  ...redisKeys,
  ...envelopes,
  ...payloads,
  ...readmes,
  ...documentedEvents,
  ...documentedConsumers,
  ...antiPatterns,
  ...mandatoryTests,
  ...publishing,
  ...consuming,
  ...tenantTables,
  ...openRoutes,
  ...leftovers,
  ...mode,
  ...reading,
  ...pythonRules,
];

/** Every rule, in the order of the charter. A new one is named in the list of its file, and has a page. */
export const rules: readonly Rule[] = lists.map((rule) => {
  const python = pythonChecks.get(rule.id);
  return python === undefined ? rule : { ...rule, python };
});
