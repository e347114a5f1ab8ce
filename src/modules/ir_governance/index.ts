import { defineModule } from "@brain/engine";
import {
  irApprovalAcknowledged,
  irApprovalConsumed,
  irApprovalCreated,
  irApprovalExpired,
  irApprovalInvalid,
  irDagDiffFailed,
  irDagDiffOk,
  irValidatedEscalate,
  irValidatedPass,
  irValidatedReject,
} from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { irGatePort } from "../ports/ir-gate.ts";
import { irGovernanceGate } from "./gate.ts";
import { irGovernanceJobs } from "./jobs.ts";
import { approvalsLimit, consumeLimit } from "./limits.ts";
import { irGovernanceSettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** The gate before actions with consequences: validates plans, and keeps the approvals of people. */
export const irGovernance = defineModule({
  name: "ir_governance",
  events: [
    irApprovalCreated,
    irApprovalConsumed,
    irApprovalExpired,
    irApprovalAcknowledged,
    irApprovalInvalid,
    irValidatedPass,
    irValidatedEscalate,
    irValidatedReject,
    irDagDiffOk,
    irDagDiffFailed,
  ],
  tables: [tables],
  settings: irGovernanceSettings,
  offers: ({ settings }) => [irGatePort.from(() => irGovernanceGate(settings))],
  jobs: () => irGovernanceJobs(),
  limits: [approvalsLimit, consumeLimit],
  routes: ({ settings }): Mount[] => [
    {
      path: "/api/ir",
      routes: async () => (await import("./routes.ts")).irGovernanceRoutes(settings),
      // The answer holds the token of a new approval, of which only a hash is stored.
      keys: { "/approvals": "refused" },
    },
  ],
});
