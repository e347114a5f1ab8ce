import {
  charter,
  courseGenerationCompleted,
  type EventDefinition,
  type PayloadInputOf,
} from "@brain/schemas";
import released from "../../../schemas/fixtures/released.json" with { type: "json" };
import type { TestEngine } from "../../engine.ts";

/** Events as the modules publish them, one of each type that is counted, all of one course. */

export const tenant = "acme";

const goldens: Readonly<Record<string, unknown>> = released;

/** What the consumer handles, in the order of its handlers. */
export function countedDefinitions(engine: TestEngine): readonly EventDefinition[] {
  const types = [...(engine.system.consumers.get("analytics")?.byType.keys() ?? [])];
  return types.map((type) => {
    const definition = charter.find(type);
    if (definition === undefined) throw new Error(`"${type}" is not in the catalogue.`);
    return definition;
  });
}

/** The payload of the newest version that the released examples have. */
export function goldenOf({ type, version }: EventDefinition): PayloadInputOf<EventDefinition> {
  const golden = goldens[`${type}@${version}`];
  if (golden === undefined) throw new Error(`There is no example of "${type}".`);
  return golden;
}

/** Publishes one event of each type, each in a transaction of its own, for a tenant. */
export async function publishStory(engine: TestEngine, tenantId: string | null = tenant): Promise<number> {
  const definitions = countedDefinitions(engine);
  for (const definition of definitions) await publishOne(engine, definition, goldenOf(definition), tenantId);
  return definitions.length;
}

export function publishOne<D extends EventDefinition>(
  engine: TestEngine,
  definition: D,
  payload: PayloadInputOf<D>,
  tenantId: string | null = tenant,
) {
  return engine.publish({ source: "story", tenant_id: tenantId }, (publish) => publish(definition, payload));
}

/** Relays, and has this module alone handle what came. */
export async function count(engine: TestEngine): Promise<void> {
  await engine.relay();
  await engine.drain("analytics");
}

/** Everything that was counted. */
export function numbers(engine: TestEngine): Promise<Record<string, unknown>[]> {
  return engine.sql(`SELECT tenant_id, metric, grain, course_id, bucket, language, kind, count, total, histogram
    FROM analytics_counts ORDER BY 1, 2, 3, 4, 5, 6, 7`);
}

export const courseOfExamples = (goldenOf(courseGenerationCompleted) as { readonly course_id: string })
  .course_id;
