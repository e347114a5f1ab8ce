import * as z from "zod";

const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, "expected a colour as #rrggbb")
  .transform((value) => value.toLowerCase());

/** Colours of a theme, `#rrggbb` in lower case. */
export interface ThemeColors {
  readonly primary: string;
  readonly secondary: string;
  readonly accent: string;
}

/** Colours of one course; what is left out is the theme's. */
export type CustomColors = Readonly<Partial<Record<keyof ThemeColors, string | undefined>>>;

/** What a course may set of its own. */
export const customColors = z
  .strictObject({ primary: color, secondary: color, accent: color })
  .partial()
  .refine((colors) => Object.keys(colors).length > 0, "expected at least one of primary, secondary, accent");

export interface Theme {
  readonly theme_id: string;
  readonly name: string;
  readonly description: string;
  readonly colors: ThemeColors;
}

export const sectionKinds = ["hero", "syllabus", "lesson_preview", "faq", "cta", "footer"] as const;

/** One part of the page, ready to be laid out; all text is plain, never Markdown or HTML. */
export interface Section {
  readonly section_id: string;
  readonly kind: (typeof sectionKinds)[number];
  readonly title: string;
  readonly order_index: number;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Everything search engines and link previews are told of a course. */
export interface SeoPack {
  /** 10-70 characters. */
  readonly meta_title: string;
  /** 50-160 characters. */
  readonly meta_description: string;
  /** At most 10. */
  readonly keywords: readonly string[];
  readonly og_title: string;
  /** 50-200 characters. */
  readonly og_description: string;
  readonly twitter_title: string;
  readonly twitter_description: string;
  readonly twitter_card: "summary";
  /** schema.org Course. */
  readonly json_ld: Readonly<Record<string, unknown>>;
  /** The same as an element for the head of a page: no text of the course can end it early. */
  readonly json_ld_script: string;
  readonly robots: string;
}
