import { defineSettings, whole } from "@brain/engine";
import * as z from "zod";

/** Settings of the gate. */
export interface IrGovernanceSettings {
  /** `off` asks nobody, `opt_in` checks the plans there are, `required` demands one. */
  readonly mode: "off" | "opt_in" | "required";
  /** Risk tier from which a person must approve, 0 to 3. */
  readonly approvalTier: number;
  /** Budget of a whole plan above which it is blocked; null: none. */
  readonly maxBudgetCents: number | null;
}

export const irGovernanceSettings = defineSettings(
  {
    WEBGENESIS_IR_MODE: z.enum(["off", "opt_in", "required"]).default("opt_in"),
    WEBGENESIS_IR_APPROVAL_TIER: whole(0, 3).default(2),
    WEBGENESIS_IR_MAX_BUDGET_CENTS: whole(0, 2_147_483_647).optional(),
  },
  (env): IrGovernanceSettings => ({
    mode: env.WEBGENESIS_IR_MODE,
    approvalTier: env.WEBGENESIS_IR_APPROVAL_TIER,
    maxBudgetCents: env.WEBGENESIS_IR_MAX_BUDGET_CENTS ?? null,
  }),
);
