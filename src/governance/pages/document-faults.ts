/** What the documentation of events must not say, and what it must not leave out. */

import { type EventDefinition, payloadFields } from "@brain/schemas";
import type { PageConsumer } from "./page-consumer.ts";

/** The subscribers that get the event, by what they subscribe to. */
export function subscribersOf(
  { type }: Pick<EventDefinition, "type">,
  consumers: readonly PageConsumer[],
): readonly string[] {
  return consumers
    .filter(({ any, byType }) => any !== null || byType.has(type))
    .map(({ subscriber }) => subscriber);
}

/** In one line each: fields without a meaning, also nested ones, and consumers that are named and are none, or the other way. */
export function documentFaults(
  definitions: readonly EventDefinition[],
  consumers: readonly PageConsumer[],
): readonly string[] {
  const known = new Set(consumers.map(({ subscriber }) => subscriber));
  return definitions.flatMap((definition) => {
    const { type, outside } = definition;
    const handling = new Set(subscribersOf(definition, consumers));
    const subscribed = consumers.filter(({ byType }) => byType.has(type)).map(({ subscriber }) => subscriber);
    return [
      ...payloadFields(definition)
        .filter(({ meaning }) => meaning === "")
        .map(({ path }) => `${type}: payload.${path} has no meaning. Say it with .describe("…").`),
      ...definition.consumers
        .filter((name) => !handling.has(name))
        .map((name) =>
          known.has(name)
            ? `${type}: consumers names "${name}", which does not handle it. Subscribe there with on(…), or take the name away.`
            : `${type}: consumers names "${name}", and no consumer of the product has that name. Put what is meant for elsewhere under outside.`,
        ),
      ...subscribed
        .filter((name) => !definition.consumers.includes(name))
        .map((name) => `${type}: "${name}" handles it. Name it under consumers.`),
      ...outside
        .filter((name) => known.has(name))
        .map(
          (name) =>
            `${type}: outside names "${name}", which is a consumer of the product. Put it under consumers.`,
        ),
    ];
  });
}
