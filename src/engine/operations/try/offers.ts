import type { Consumer, Subscription } from "../../consume/consumer.ts";
import { everybody } from "../../consume/letter-sql.ts";
import { ConflictError, NotFoundError } from "../../core/errors.ts";
import type { TryOffer } from "./try-view.ts";

/** The consumer's handler is not tried: running it could leave something that no rollback takes back. */
export class NotTriedError extends ConflictError {}

/** A handler of everything that is on the stream has the database itself. */
const watchesAll =
  "It takes entries of the stream as they come, with the database itself and without a transaction, so nothing of a try could be taken back.";

/** Why a handler is not offered; null: it is. */
function reasonAgainst(subscription: Subscription): string | null {
  if (subscription.notTried !== undefined) return subscription.notTried;
  return subscription.kind === "entries" ? watchesAll : null;
}

/** The handler of a type; null: the consumer does not handle it. */
function handlerFor({ byType, any }: Consumer, type: string): Subscription | null {
  return byType.get(type) ?? any;
}

/** Who handles events of a type, by name, and whether that can be tried. */
export function tryOffers(consumers: ReadonlyMap<string, Consumer>, type: string): TryOffer[] {
  return [...consumers.values()]
    .flatMap((consumer) => {
      const handler = handlerFor(consumer, type);
      if (handler === null) return [];
      return [{ subscriber: consumer.subscriber, handler: handler.kind, not_tried: reasonAgainst(handler) }];
    })
    .sort((one, other) => (one.subscriber < other.subscriber ? -1 : 1));
}

/**
 * Why a consumer cannot try events of a type, in words; null: it can.
 *
 * @param type null: nobody could read it
 */
export function whyNotTried(
  consumers: ReadonlyMap<string, Consumer>,
  subscriber: string,
  type: string | null,
): string | null {
  if (subscriber === everybody) return "Nobody can read the entry, so no consumer has a handler for it.";
  const consumer = consumers.get(subscriber);
  if (consumer === undefined) return `There is no consumer "${subscriber.slice(0, 100)}" here.`;
  const handler = handlerFor(consumer, type ?? "");
  if (handler === null) {
    const what = type === null ? "an entry without a type" : `"${type}"`;
    return `The consumer "${subscriber}" does not handle ${what}. ${type === null ? "" : whoDoes(consumers, type)}`.trim();
  }
  return reasonAgainst(handler);
}

/**
 * The consumer, when its handler of this type can be tried.
 *
 * @throws {NotFoundError} no consumer has the name
 * @throws {NotTriedError} it does not handle the type, or its handler is not offered; says why, and who else does
 */
export function requireOffered(
  consumers: ReadonlyMap<string, Consumer>,
  subscriber: string,
  type: string,
): Consumer {
  const reason = whyNotTried(consumers, subscriber, type);
  const consumer = consumers.get(subscriber);
  if (consumer === undefined && subscriber !== everybody) {
    throw new NotFoundError(reason ?? "There is no such consumer.");
  }
  if (consumer !== undefined && reason === null) return consumer;
  throw new NotTriedError(`"${type}" is not tried with the consumer "${subscriber}": ${reason}`, {
    extra: { not_tried: reason },
  });
}

/** Who handles a type, as a sentence for an error. */
export function whoDoes(consumers: ReadonlyMap<string, Consumer>, type: string): string {
  const names = tryOffers(consumers, type).map(({ subscriber, not_tried }) =>
    not_tried === null ? subscriber : `${subscriber} (not tried)`,
  );
  return names.length === 0 ? "No consumer does." : `Its consumers are: ${names.join(", ")}.`;
}
