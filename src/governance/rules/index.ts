import { antiPatterns } from "./anti-patterns.ts";
import { catalogued } from "./catalogued.ts";
import { consuming } from "./consuming.ts";
import { documentedConsumers } from "./documented-consumers.ts";
import { documentedEvents } from "./documented-events.ts";
import { envelopes } from "./envelopes.ts";
import { leftovers } from "./leftovers.ts";
import { mandatoryTests } from "./mandatory-tests.ts";
import { mode } from "./mode.ts";
import { naming } from "./naming.ts";
import { payloads } from "./payload.ts";
import { publishing } from "./publishing.ts";
import { pythonChecks } from "./python/index.ts";
import { pythonRules } from "./python/own-rules.ts";
import { reading } from "./readable.ts";
import { readmes } from "./readme.ts";
import { redisKeys } from "./redis-keys.ts";
import type { Rule } from "./rule.ts";
import { tenantTables } from "./tenant-tables.ts";

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
