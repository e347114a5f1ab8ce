import type { JsonObject } from "@brain/schemas";
import type { Invocation } from "../../invocation.ts";
import type { TryReader } from "./subjects.ts";

/* What tries events out is asked for now and then: its code is loaded then. */

/** As `tryLetter` of `subjects.ts`. */
export async function tryLetter(
  invocation: Invocation,
  reader: TryReader,
  id: string,
  payload: JsonObject | null,
) {
  const { tryLetter: run } = await import("./subjects.ts");
  return run(invocation, reader, id, payload);
}

/** As `tryRecorded` of `subjects.ts`. */
export async function tryRecorded(
  invocation: Invocation,
  reader: TryReader,
  id: string,
  subscriber: string | null,
) {
  const { tryRecorded: run } = await import("./subjects.ts");
  return run(invocation, reader, id, subscriber);
}

/** As `offersOf` of `subjects.ts`. */
export async function tryOffersOf(invocation: Invocation, reader: TryReader, id: string) {
  const { offersOf } = await import("./subjects.ts");
  return offersOf(invocation, reader, id);
}
