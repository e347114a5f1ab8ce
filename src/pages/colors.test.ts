import fc from "fast-check";
import { expect, test } from "vitest";
import { contrast, type Palette, palettesOf } from "./colors.ts";

const color = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
  .map((rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`);

test("contrast is that of WCAG", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

test("whatever colours an author chooses, text can be read on every ground, in both schemes", () => {
  const readable = ({ ground, surface, hero, text, muted, strong, onStrong }: Palette) => {
    for (const behind of [ground, surface, hero])
      for (const front of [text, muted, strong]) expect(contrast(front, behind)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(onStrong, strong)).toBeGreaterThanOrEqual(4.5);
  };
  fc.assert(
    fc.property(color, color, color, (primary, secondary, accent) => {
      const { light, dark } = palettesOf({ primary, secondary, accent });
      readable(light);
      readable(dark);
    }),
  );
});

test("without the adjustment a pale colour could not be read, so the test above can fail", () => {
  expect(contrast("#ffff66", "#ffffff")).toBeLessThan(4.5);
});
