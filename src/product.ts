import { defineProduct } from "@brain/engine";
import type { Mount } from "./http/kit/mount.ts";
import { agents } from "./modules/agents/index.ts";
import { alerting } from "./modules/alerting/index.ts";
import { analytics } from "./modules/analytics/index.ts";
import { auditLog } from "./modules/audit_log/index.ts";
import { courseAccess } from "./modules/course_access/index.ts";
import { courseDistribution } from "./modules/course_distribution/index.ts";
import { courseFactory } from "./modules/course_factory/index.ts";
import { identity } from "./modules/identity/index.ts";
import { irGovernance } from "./modules/ir_governance/index.ts";
import { missions } from "./modules/missions/index.ts";
import { payment } from "./modules/payment/index.ts";
import { securityMonitoring } from "./modules/security_monitoring/index.ts";
import { tasks } from "./modules/tasks/index.ts";
import { webhooks } from "./modules/webhooks/index.ts";

/**
 * The modules of the product. A new one is named here and nowhere else. The order is that of their consumers, and of
 * the modules that answer a port: the module that makes a course is asked before the one that lists it.
 */
export const product = defineProduct<Mount>([
  courseFactory,
  courseDistribution,
  payment,
  courseAccess,
  tasks,
  agents,
  irGovernance,
  missions,
  webhooks,
  auditLog,
  identity,
  analytics,
  alerting,
  securityMonitoring,
]);
