/** Colours of a theme, `#rrggbb`. */
export interface ThemeColors {
  readonly primary: string;
  readonly secondary: string;
  readonly accent: string;
}

/** What a page is painted with, in one colour scheme. Text on each ground has a contrast of at least 4.5. */
export interface Palette {
  readonly ground: string;
  readonly surface: string;
  readonly hero: string;
  readonly text: string;
  readonly muted: string;
  /** Links, headings of parts and the button: the theme's colour, as dark or light as its ground needs. */
  readonly strong: string;
  readonly onStrong: string;
  readonly line: string;
  /** Ornaments without text. */
  readonly secondary: string;
  readonly accent: string;
}

type Rgb = readonly [number, number, number];

const parse = (color: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as unknown as Rgb;
const print = (rgb: Rgb): string =>
  `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

/** `share` of `color` in `base`, from 0 to 1. */
function mix(color: string, base: string, share: number): string {
  const [from, to] = [parse(color), parse(base)];
  return print(from.map((part, at) => part * share + (to[at] ?? 0) * (1 - share)) as unknown as Rgb);
}

/** Relative luminance. https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string): number {
  const [red, green, blue] = parse(color).map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of two colours, from 1 to 21. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** A margin above WCAG's 4.5, because browsers round colours. */
const enough = 4.7;

/** The colour, moved towards `end` as far as it takes to be read on all of `grounds`. */
function readable(color: string, grounds: readonly string[], end: string): string {
  for (let step = 0; step < 20; step += 1) {
    const tried = mix(end, color, step / 20);
    if (grounds.every((ground) => contrast(tried, ground) >= enough)) return tried;
  }
  return end;
}

/** The two palettes of a theme. Any colours give readable pages: what is too pale or too dark is moved. */
export function palettesOf({ primary, secondary, accent }: ThemeColors): {
  readonly light: Palette;
  readonly dark: Palette;
} {
  const lightHero = mix(primary, "#ffffff", 0.07);
  const darkHero = mix(primary, "#11161b", 0.12);
  const dark = "#11161b";
  return {
    light: {
      ground: "#ffffff",
      surface: "#f4f6f8",
      hero: lightHero,
      text: "#1a1f24",
      muted: "#4f5963",
      strong: readable(primary, ["#ffffff", "#f4f6f8", lightHero], "#000000"),
      onStrong: "#ffffff",
      line: "#d4dae0",
      secondary,
      accent,
    },
    dark: {
      ground: dark,
      surface: "#1b222a",
      hero: darkHero,
      text: "#e9edf1",
      muted: "#b3bdc7",
      strong: readable(primary, [dark, "#1b222a", darkHero], "#ffffff"),
      onStrong: dark,
      line: "#38434e",
      secondary,
      accent,
    },
  };
}
