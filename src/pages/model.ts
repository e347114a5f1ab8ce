import type { ThemeColors } from "./colors.ts";

/** What the pages of a course show. Every text is plain: it is escaped where it is put. */

/** What authors and generators wrote for the page of a course. */
export interface LandingTexts {
  readonly subtitle: string;
  readonly valueTitle: string;
  readonly value: string;
  readonly forWhomTitle: string;
  readonly forWhom: readonly string[];
  readonly notForWhomTitle: string;
  readonly notForWhom: readonly string[];
  readonly features: readonly string[];
  readonly disclaimer: string;
}

export interface PageLesson {
  readonly title: string;
  readonly minutes: number | null;
  /** Anybody may read it. */
  readonly free: boolean;
  /** Where its page is; null: it has none here. */
  readonly href: string | null;
}

export interface PageModule {
  readonly title: string;
  readonly description: string | null;
  readonly lessonsCount: number;
  readonly minutes: number | null;
  readonly lessons: readonly PageLesson[];
}

export interface CoursePage {
  /** Of the page and its texts, e.g. `de` or `de-AT`. */
  readonly language: string;
  readonly title: string;
  readonly description: string;
  readonly theme: ThemeColors;
  /** Values of the charter or an operator's own words. */
  readonly audiences: readonly string[];
  /** Null when nobody wrote any. */
  readonly landing: LandingTexts | null;
  readonly modules: readonly PageModule[];
  readonly lessonsCount: number;
  readonly minutes: number | null;
  readonly previews: readonly { readonly title: string; readonly excerpt: string }[];
  readonly faq: readonly { readonly question: string; readonly answer: string }[];
  readonly faqTitle: string | null;
  /** 0: there is no quiz. */
  readonly questionsCount: number;
  /** Where the quiz can be looked at; left out: it is not shown here. */
  readonly quizHref?: string | null;
  /** Whether who completes the course gets a certificate. */
  readonly certificate: boolean;
  /** Of the same course; one without `href` is this page. */
  readonly languages: readonly { readonly tag: string; readonly href: string | null }[];
  /** Null: the course is open and costs nothing. `cents` in the smallest unit of the currency (ISO 4217). */
  readonly price: { readonly cents: number; readonly currency: string; readonly freeLessons: number } | null;
}

/** Where the button leads: a form that is sent, or a link. */
export type Button =
  | { readonly kind: "form"; readonly label: string; readonly action: string }
  | { readonly kind: "link"; readonly label: string; readonly href: string };
