import type { OperatorAlerts } from "../operator-alerts.ts";
import type { CourseCatalogue } from "../ports/course-catalogue.ts";
import type { IrGate } from "../ports/ir-gate.ts";
import type { ChatSettings } from "./content/chat-client.ts";
import { createOpenAiGenerator } from "./content/openai-generator.ts";
import { templateGenerator } from "./content/template-generator.ts";
import type { CourseMaker } from "./generation.ts";

/** What the composition root hands to the module. */
export interface CourseFactorySettings {
  /** An OpenAI-compatible service; null: the built-in templates write the courses. */
  readonly content: ChatSettings | null;
  /** Origin under which this product is reached, for `url` in events; null: it was not told. */
  readonly publicUrl: string | null;
  /** Host of staging deployments whose request names none. */
  readonly stagingDomain: string;
  /** Who is asked before a course is generated or declared ready for the public. */
  readonly gate: IrGate;
  /** What else can be bought than the courses made here. */
  readonly catalogue: CourseCatalogue;
  /** Where a payment that cannot be delivered is shown to operators. */
  readonly alerts: OperatorAlerts;
  /** Longest time that POST /generate waits for the result, ms; default 10,000. */
  readonly inlineMs?: number;
}

export const defaultInlineMs = 10_000;

/** The generator that the settings ask for, and where its courses can be read. */
export function makerOf(settings: Pick<CourseFactorySettings, "content" | "publicUrl">): CourseMaker {
  const generator = settings.content === null ? templateGenerator : createOpenAiGenerator(settings.content);
  return { ...generator, publicUrl: settings.publicUrl };
}
