import { calledUrl, defineSettings } from "@brain/engine";
import * as z from "zod";

export interface AuditLogSettings {
  /** Where roots of sealed days are posted, signed with the secret; null: nowhere. */
  readonly roots: { readonly url: string; readonly secret: string } | null;
}

export const auditLogSettings = defineSettings(
  {
    BRAIN_AUDIT_URL: calledUrl.optional(),
    BRAIN_AUDIT_SECRET: z.string().min(16, "expected at least 16 characters").optional(),
  },
  ({ BRAIN_AUDIT_URL: url, BRAIN_AUDIT_SECRET: secret }, fault): AuditLogSettings => {
    if (url !== undefined && secret === undefined)
      fault("BRAIN_AUDIT_SECRET", "is missing; BRAIN_AUDIT_URL needs it, because roots are signed");
    return { roots: url === undefined || secret === undefined ? null : { url, secret } };
  },
);
