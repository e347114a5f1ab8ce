import * as z from "zod";

/** A place in a list that is ordered by a time and then by an id. */
export interface TimePlace {
  /** Unix time, ms. */
  readonly ms: number;
  readonly id: string;
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/**
 * The cursor of such a list, `{ms}_{id}`, as its pages name it in `next_cursor`.
 *
 * @param id what ids of the list look like; left out: UUIDs
 */
export const timeCursor = (id: RegExp = uuid) =>
  z
    .string()
    // Fourteen digits of milliseconds end in the year 5138; Postgres reads no year of five digits as we write it.
    .regex(new RegExp(`^\\d{1,14}_${id.source}$`), 'expected the "next_cursor" of an earlier answer')
    .transform((text): TimePlace => {
      const end = text.indexOf("_");
      return { ms: Number(text.slice(0, end)), id: text.slice(end + 1) };
    });

export function writeTimeCursor({ ms, id }: { readonly ms: number | string; readonly id: string }): string {
  return `${ms}_${id}`;
}
