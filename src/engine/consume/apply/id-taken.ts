import { PermanentError } from "../../core/errors.ts";
import type { Consumer } from "../consumer.ts";
import type { Runnable } from "../delivery.ts";
import { maxEventIdLength } from "./judge-claims.ts";

/** Another event has its id. */
export class IdTakenError extends PermanentError {
  override readonly name = "IdTakenError";
}

export function idTakenError({ content: { event } }: Runnable): IdTakenError {
  return new IdTakenError(
    `This consumer has applied another event with the id or under the message id of this one ("${event.type}", id "${event.id}"). Give each event an id of its own, of at most ${maxEventIdLength} characters. A redrive applies this one.`,
  );
}

/** What has to wait for the dead letters that `taken` become. */
export function behindTaken(
  { afterDeadLetter }: Consumer,
  list: readonly Runnable[],
  taken: readonly Runnable[],
): readonly Runnable[] {
  if (taken.length === 0 || afterDeadLetter !== "hold_key") return [];
  const keys = new Set<string>();
  return list.filter((delivery) => {
    if (delivery.key === null) return false;
    if (taken.includes(delivery)) keys.add(delivery.key);
    return keys.has(delivery.key);
  });
}
