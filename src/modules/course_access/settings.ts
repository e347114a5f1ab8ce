import { calledUrl, defineSettings } from "@brain/engine";
import * as z from "zod";
import type { WebhookSettings } from "./notifier.ts";

export interface CourseAccessSettings {
  /** Where notifications are posted, signed with the secret; null: they go to the log. */
  readonly notify: WebhookSettings | null;
}

export const courseAccessSettings = defineSettings(
  {
    /** Gets "your course is ready" as JSON, signed. */
    BRAIN_NOTIFY_URL: calledUrl.optional(),
    BRAIN_NOTIFY_SECRET: z.string().min(16, "expected at least 16 characters").optional(),
  },
  ({ BRAIN_NOTIFY_URL: url, BRAIN_NOTIFY_SECRET: secret }, fault): CourseAccessSettings => {
    if (url !== undefined && secret === undefined)
      fault("BRAIN_NOTIFY_SECRET", "is missing; BRAIN_NOTIFY_URL needs it, because notifications are signed");
    return { notify: url === undefined || secret === undefined ? null : { url, secret } };
  },
);
