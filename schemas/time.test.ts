import { expect, test } from "vitest";
import { readTime } from "./time.ts";

const two = (number: number) => String(number).padStart(2, "0");

test("a text in the written form is a time exactly when it comes back from a date as it is", () => {
  for (const year of ["0000", "0001", "1900", "2000", "2023", "2024", "9999"])
    for (let month = 0; month <= 13; month += 1)
      for (let day = 0; day <= 32; day += 1)
        for (const clock of [
          "00:00:00.000",
          "23:59:59.999",
          "24:00:00.000",
          "12:60:00.000",
          "12:00:60.000",
        ]) {
          const text = `${year}-${two(month)}-${two(day)}T${clock}Z`;
          const ms = Date.parse(text);
          const isTime = year !== "0000" && !Number.isNaN(ms) && new Date(ms).toISOString() === text;
          const read = readTime(text);
          // 24:00 is a way to write the next day.
          expect(read?.iso === text, text).toBe(isTime);
          if (isTime) expect(read).toEqual({ iso: text, shape: "offset" });
        }
});
