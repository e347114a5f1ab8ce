import { expect, test } from "vitest";
import { audienceLine } from "./audiences.ts";
import { wordsOf } from "./texts.ts";
import { counted, decimalAmount, durationText, languageName, moneyText, percentText } from "./values.ts";

const plain = (text: string) => text.replace(/\s/gu, " ");

test.each([
  ["de", "4 Stunden", "20 Min.", "49,00 €", "1 Lektion", "12 Lektionen", "70 %"],
  ["en", "4 hours", "20 min", "€49.00", "1 lesson", "12 lessons", "70%"],
  ["fr", "4 heures", "20 min", "49,00 €", "1 leçon", "12 leçons", "70 %"],
  ["es", "4 horas", "20 min", "49,00 €", "1 lección", "12 lecciones", "70 %"],
])("numbers are written as in %s", (language, hours, minutes, price, one, many, share) => {
  const { lessons } = wordsOf(language);
  expect(
    [
      durationText(language, 240),
      durationText(language, 20, "short"),
      moneyText(language, 4_900, "EUR"),
      counted(language, lessons, 1),
      counted(language, lessons, 12),
      percentText(language, 70),
    ].map(plain),
  ).toEqual([hours, minutes, price, one, many, share]);
});

test("a currency without cents has none", () => {
  expect(plain(moneyText("en", 4_900, "JPY"))).toBe("¥4,900");
  expect(decimalAmount(4_900, "JPY")).toBe("4900");
  expect(decimalAmount(4_905, "EUR")).toBe("49.05");
});

test("a currency that is written without cents, and reckoned in them, is shown with them", () => {
  expect(plain(moneyText("de", 490_000, "HUF"))).toBe("4.900,00 HUF");
  expect(plain(moneyText("en", 490_000, "COP"))).toBe("COP 4,900.00");
  expect(decimalAmount(490_000, "IDR")).toBe("4900.00");
});

test("audiences are named in the language, and what an operator wrote stays", () => {
  expect(audienceLine("de-AT", "private_individuals")).toBe("Privatpersonen");
  expect(audienceLine("fr", "parents")).toBe("Les parents");
  expect(audienceLine("it", "parents")).toBe("Parents");
  expect(audienceLine("es", "Gente de mar")).toBe("Gente de mar");
  expect(audienceLine("en", "toString")).toBe("toString");
});

test("languages are named in their own words", () => {
  expect(["de", "en", "fr", "es"].map(languageName)).toEqual(["Deutsch", "English", "français", "español"]);
});
