import { type DemoApi, DemoError } from "./api.ts";
import type { Choices } from "./choices.ts";
import { idOf } from "./choices.ts";
import type { DemoCourse } from "./world.ts";

/** A course of the world as the system has it. */
export interface MadeCourse extends DemoCourse {
  readonly courseId: string;
  readonly distributionId: string;
  readonly slug: string;
}

/** What the steps share while the world is made. */
export interface Stage {
  readonly api: DemoApi;
  readonly seed: number;
  readonly choices: Choices;
  /** When the making began, Unix ms. */
  readonly nowMs: number;
  /** Courses that are in the catalogue, by their name within the demo. */
  readonly made: Map<string, MadeCourse>;
}

/** One part of the world. Running it again with the same seed adds nothing. */
export interface Step {
  /** What is being made, for whoever waits. */
  readonly name: string;
  run(stage: Stage): Promise<void>;
}

/** Key that makes the repetition of a request harmless. */
export const onceOf = ({ seed }: Stage, what: string): string =>
  `charter-demo:${seed}:${what.replaceAll(" ", "-")}`;

/** Correlation id of a story. */
export const storyOf = ({ seed }: Pick<Stage, "seed">, name: string): string => `demo-${seed}-${name}`;

/** Id of a user, a payment or a mission. */
export const nameOf = ({ seed }: Stage, name: string): string => (seed === 1 ? name : `${name}-${seed}`);

/** @throws {DemoError} the step that makes it has not run */
export function courseNamed({ made }: Stage, name: string): MadeCourse {
  const course = made.get(name);
  if (course === undefined) throw new DemoError(`The course "${name}" of the demo was not made.`);
  return course;
}

/** What another program tells; `at` in Unix ms, so that it may be of another day. */
export interface ToldEvent {
  /** Gives the event its id: the same in every run with the seed. */
  readonly name: string;
  readonly type: string;
  readonly module: string;
  readonly source: string;
  readonly tenant: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly at: number;
  readonly severity?: "WARNING" | "ERROR" | "CRITICAL";
  readonly story?: string;
  readonly actor?: string;
}

function envelopeOf(stage: Stage, event: ToldEvent) {
  const id = idOf(stage.seed, `event ${event.name}`);
  return {
    id,
    type: event.type,
    source: event.source,
    target: null,
    payload: event.payload,
    timestamp: new Date(event.at).toISOString(),
    meta: { schema_version: 1, producer: event.source, source_module: event.module },
    mission_id: null,
    task_id: null,
    correlation_id: event.story ?? id,
    tenant_id: event.tenant,
    actor_id: event.actor ?? null,
    severity: event.severity ?? null,
  };
}

/** Hands in events as another program does, which may have happened days ago. @throws {DemoError} one was refused */
export async function tell(stage: Stage, events: readonly ToldEvent[]): Promise<void> {
  const body = events.map((event) => envelopeOf(stage, event));
  const { body: answer } = await stage.api.send("POST", "/api/events/batch", { body, fine: [207, 422] });
  const results: readonly { status: string; error?: { message: string } }[] = answer.results ?? [];
  const refused = results.find(({ status }) => status === "rejected");
  if (refused !== undefined || results.length !== events.length) {
    throw new DemoError(
      `An event of the demo was refused: ${refused?.error?.message ?? JSON.stringify(answer).slice(0, 300)}`,
    );
  }
}
