import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { type Language, languageOf, languages } from "./words.ts";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** Of single keys; `off` is for whoever speaks to the browser, or whose hand hits keys that were not meant. */
export const shortcutChoices = ["on", "off"] as const;

/** How somebody likes to see the pages. Kept in cookies of the browser and nowhere else. */
export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
  readonly shortcuts: (typeof shortcutChoices)[number];
  /** IANA name of the viewer's time zone, as the browser told; UTC until it did. */
  readonly zone: string;
}

const names = {
  language: "brain_language",
  theme: "brain_theme",
  shortcuts: "brain_shortcuts",
  zone: "brain_zone",
} as const;
const yearS = 365 * 86_400;

export function readPreferences(c: Context): Preferences {
  const language = languages.find((one) => one === getCookie(c, names.language));
  const theme = themes.find((one) => one === getCookie(c, names.theme));
  const shortcuts = shortcutChoices.find((one) => one === getCookie(c, names.shortcuts));
  return {
    language: language ?? languageOf(c.req.header("accept-language")),
    theme: theme ?? "auto",
    shortcuts: shortcuts ?? "on",
    zone: knownZone(getCookie(c, names.zone)) ?? "UTC",
  };
}

/** Keeps what a form chose; what it does not name, or what is not known, stays. */
export function keepPreferences(c: Context, path: string, chosen: URLSearchParams): void {
  const keep = (name: string, value: string) =>
    setCookie(c, name, value, { path, maxAge: yearS, sameSite: "Lax" });
  const language = languages.find((one) => one === chosen.get("language"));
  if (language !== undefined) keep(names.language, language);
  const theme = themes.find((one) => one === chosen.get("theme"));
  if (theme !== undefined) keep(names.theme, theme);
  const shortcuts = shortcutChoices.find((one) => one === chosen.get("shortcuts"));
  if (shortcuts !== undefined) keep(names.shortcuts, shortcuts);
}

function knownZone(name: string | undefined): string | null {
  if (name === undefined || name.length > 64) return null;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
