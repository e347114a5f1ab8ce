import { type Database, definePort } from "@brain/engine";
import type { SQL } from "drizzle-orm";
import type { CoursePage } from "../../pages/model.ts";
import type { AccessRule } from "../access-rule.ts";

/*
 * What was made for the page of a course, as a port: who sells a course asks for it, the composition root plugs in who
 * made it. So the texts need not travel in events, and neither side knows the other.
 */

export interface CourseShowcase {
  /** Whether those who learn a course here get a certificate. */
  readonly certificates: boolean;
  /**
   * Whether the course was made here for another tenant, so that this one has nothing to sell: a condition, to be part of
   * a statement of whoever asks. It holds whatever rows the statement sees.
   *
   * @param tenantId null: of no tenant, so never
   */
  isOfAnother(courseId: string, tenantId: string | null): SQL<boolean>;
  /** Null: nobody here made the course, or it is not finished. */
  read(db: Database, courseId: string, tenantId: string | null): Promise<MadeCourse | null>;
}

export type MadeCourse = Pick<
  CoursePage,
  | "language"
  | "theme"
  | "landing"
  | "modules"
  | "lessonsCount"
  | "minutes"
  | "previews"
  | "faq"
  | "faqTitle"
  | "questionsCount"
> & {
  readonly title: string;
  readonly description: string;
  readonly audiences: readonly string[];
  /** Texts for search engines and link previews. */
  readonly search: {
    readonly meta_title: string;
    readonly meta_description: string;
    readonly keywords: readonly string[];
  };
};

/** What a page says of the price; null: the course is open. */
export function priceOf(access: AccessRule | null): CoursePage["price"] {
  if (access?.mode !== "paid") return null;
  return { cents: access.price_cents, currency: access.currency, freeLessons: access.free_lessons };
}

export const courseShowcasePort = definePort<CourseShowcase>("course_showcase");
