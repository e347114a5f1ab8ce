import { defineSettings } from "@brain/engine";
import * as z from "zod";
import type { CourseShowcase } from "../ports/course-showcase.ts";
import { publicUrl } from "../shared-settings.ts";

interface CatalogueSettings {
  /** Origin for canonical URLs, e.g. `https://courses.example`; null: pages have none. */
  readonly publicBaseUrl: string | null;
  /**
   * Where the button of a course leads whose entry names no address; `{course_id}`, `{slug}` and `{language}` are
   * filled in. Null: a page of ours says what comes next.
   */
  readonly enrolmentUrl: string | null;
}

/** With what other modules answer. */
export interface CourseDistributionSettings extends CatalogueSettings {
  /** Knows what was made for the page of a course. */
  readonly showcase: CourseShowcase;
}

export const courseDistributionSettings = defineSettings(
  { ...publicUrl, BRAIN_ENROLMENT_URL: z.url({ protocol: /^https?$/ }).optional() },
  (env): CatalogueSettings => ({
    publicBaseUrl: env.BRAIN_PUBLIC_URL ?? null,
    enrolmentUrl: env.BRAIN_ENROLMENT_URL ?? null,
  }),
);
