import type { EventDefinition } from "@brain/schemas";

/**
 * What pages tell of a consumer of `@brain/engine`, in the shape that it has there. The engine of a project that is looked
 * at may be another release than ours, so nothing of ours is asked.
 */
export interface PageConsumer {
  readonly subscriber: string;
  /** By wire name. */
  readonly byType: ReadonlyMap<string, PageSubscription>;
  /** What gets every event; null: nothing does. */
  readonly any: { readonly kind: string } | null;
}

interface PageSubscription {
  readonly definition?: EventDefinition;
  readonly definitions?: readonly EventDefinition[];
}

export const definitionsOf = ({
  definition,
  definitions = [],
}: PageSubscription): readonly EventDefinition[] => (definition === undefined ? definitions : [definition]);
