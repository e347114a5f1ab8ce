import type { CustomColors, Theme, ThemeColors } from "./model.ts";

function theme(theme_id: string, name: string, description: string, colors: ThemeColors): Theme {
  return Object.freeze({ theme_id, name, description, colors: Object.freeze(colors) });
}

/** The themes there are. Never changed: the colours of one course are stored with that course. */
export const themes: readonly Theme[] = Object.freeze([
  theme("course-minimal", "Minimal", "White space and one quiet colour.", {
    primary: "#0066cc",
    secondary: "#6c757d",
    accent: "#ffc107",
  }),
  theme("course-professional", "Professional", "Dark blue and grey, for courses at work.", {
    primary: "#1a237e",
    secondary: "#455a64",
    accent: "#00897b",
  }),
  theme("course-modern", "Modern", "Strong colours on a light ground.", {
    primary: "#6200ea",
    secondary: "#03dac6",
    accent: "#ff6d00",
  }),
]);

/** The theme with this id; null when there is none. */
export function findTheme(themeId: string): Theme | null {
  return themes.find((candidate) => candidate.theme_id === themeId) ?? null;
}

/** The theme as one course shows it. */
export function themeWith(base: Theme, colors: CustomColors | null): Theme {
  const { primary, secondary, accent } = base.colors;
  return {
    ...base,
    colors: {
      primary: colors?.primary ?? primary,
      secondary: colors?.secondary ?? secondary,
      accent: colors?.accent ?? accent,
    },
  };
}
