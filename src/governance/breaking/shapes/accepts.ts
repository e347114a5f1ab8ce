import type { JsonValue } from "@brain/schemas";
import { formatOf, isBound, patternsOf, type Shape, typeOfValue, typesOf, valuesOf } from "./shape.ts";

/** Whether a text keeps all patterns of a shape; false also where one of them cannot be tried. */
export function keepsPatterns(text: string, shape: Shape): boolean {
  return patternsOf(shape).every((pattern) => patternOf(pattern)?.test(text) === true);
}

/** As zod was given it, it may be of either kind. */
function patternOf(source: string): RegExp | null {
  for (const flags of ["u", ""])
    try {
      return new RegExp(source, flags);
    } catch {
      // An escape that is none to the letter is refused with `u`.
    }
  return null;
}

/** Whether a shape is known to let a text, a number or a boolean through. */
export function accepts(shape: Shape, value: JsonValue): boolean {
  const types = typesOf(shape);
  const values = valuesOf(shape);
  if (values !== null) return values.some((one) => JSON.stringify(one) === JSON.stringify(value));
  const type = typeOfValue(value);
  const isWhole = type === "number" && Number.isInteger(value) && types?.includes("integer") === true;
  if (types !== null && !types.includes(type) && !isWhole) return false;
  if (typeof value === "number") return isInBounds(shape, value);
  if (typeof value !== "string") return type === "boolean" || types === null;
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = shape;
  if (value.length < minLength || value.length > maxLength || !keepsPatterns(value, shape)) return false;
  return formatOf(shape) === undefined || patternsOf(shape).length > 0;
}

function isInBounds(shape: Shape, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = shape;
  return (
    (!isBound(minimum) || value >= minimum) &&
    (!isBound(maximum) || value <= maximum) &&
    (!isBound(exclusiveMinimum) || value > exclusiveMinimum) &&
    (!isBound(exclusiveMaximum) || value < exclusiveMaximum) &&
    (multipleOf === undefined || Number.isInteger(value / multipleOf))
  );
}
