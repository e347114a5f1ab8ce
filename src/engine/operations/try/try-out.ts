import type { JsonObject } from "@brain/schemas";
import type { Invocation } from "../../invocation.ts";
import type { TryReader } from "./try-events.ts";

/* What tries events out is asked for now and then: its code is loaded then. */

/** As `tryLetter` of `try-events.ts`. */
export async function tryLetter(
  invocation: Invocation,
  reader: TryReader,
  id: string,
  payload: JsonObject | null,
) {
  const { tryLetter: run } = await import("./try-events.ts");
  return run(invocation, reader, id, payload);
}

/** As `tryRecorded` of `try-events.ts`. */
export async function tryRecorded(
  invocation: Invocation,
  reader: TryReader,
  id: string,
  subscriber: string | null,
) {
  const { tryRecorded: run } = await import("./try-events.ts");
  return run(invocation, reader, id, subscriber);
}

/** As `offersOf` of `try-events.ts`. */
export async function tryOffersOf(invocation: Invocation, reader: TryReader, id: string) {
  const { offersOf } = await import("./try-events.ts");
  return offersOf(invocation, reader, id);
}
