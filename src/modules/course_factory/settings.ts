import { type CallOutside, calledUrl, defineSettings, shownText } from "@brain/engine";
import * as z from "zod";
import type { CourseCatalogue } from "../ports/course-catalogue.ts";
import type { IrGate } from "../ports/ir-gate.ts";
import { publicUrl } from "../shared-settings.ts";
import { type ChatSettings, slowestChatMs } from "./content/chat-client.ts";
import { loadedGenerator } from "./content/loaded-generator.ts";
import { templateGenerator } from "./content/template-generator.ts";
import type { CourseMaker } from "./generation/generation.ts";

interface FactorySettings {
  /** An OpenAI-compatible service; null: the built-in templates write the courses. */
  readonly content: ChatSettings | null;
  /** Origin under which this product is reached, for `url` in events; null: it was not told. */
  readonly publicUrl: string | null;
  /** Host of staging deployments whose request names none. */
  readonly stagingDomain: string;
  /** Ed25519 private key that signs certificates, PKCS #8 in base64; null: none are issued. */
  readonly certificateKey: string | null;
  /** Share of generations that may fail, percent. */
  readonly failuresPercent: number;
}

/** With what other modules answer. */
export interface CourseFactorySettings extends Omit<FactorySettings, "certificateKey" | "failuresPercent"> {
  /** Who is asked before a course is generated or declared ready for the public. */
  readonly gate: IrGate;
  /** What else can be bought than the courses made here. */
  readonly catalogue: CourseCatalogue;
  /** Longest time that POST /generate waits for the result, ms; default 10,000. */
  readonly inlineMs?: number;
}

export const courseFactorySettings = defineSettings(
  {
    ...publicUrl,
    BRAIN_STAGING_DOMAIN: shownText(
      z
        .string()
        .regex(/^[a-z0-9.-]+$/)
        .default("course-factory.staging"),
    ),
    BRAIN_ALERT_GENERATION_PERCENT: z.coerce.number().min(0).max(100).default(1),
    CONTENT_API_URL: calledUrl.optional(),
    CONTENT_API_KEY: z.string().min(1).optional(),
    CONTENT_MODEL: z.string().min(1).optional(),
    BRAIN_CERTIFICATE_KEY: z
      .string()
      .regex(/^[A-Za-z0-9+/]{60,100}={0,2}$/, "expected an Ed25519 private key, PKCS #8 in base64")
      .optional(),
  },
  (env, fault): FactorySettings => {
    const { CONTENT_API_URL: url, CONTENT_API_KEY: key, CONTENT_MODEL: model } = env;
    if (url !== undefined) {
      if (key === undefined) fault("CONTENT_API_KEY", "is missing; CONTENT_API_URL needs it");
      if (model === undefined) fault("CONTENT_MODEL", "is missing; CONTENT_API_URL needs it");
    }
    return {
      content: url === undefined || key === undefined || model === undefined ? null : { url, key, model },
      publicUrl: env.BRAIN_PUBLIC_URL ?? null,
      stagingDomain: env.BRAIN_STAGING_DOMAIN,
      certificateKey: env.BRAIN_CERTIFICATE_KEY ?? null,
      failuresPercent: env.BRAIN_ALERT_GENERATION_PERCENT,
    };
  },
);

export const defaultInlineMs = 10_000;

/** Upper bound of one call of the generator that the settings ask for, ms. */
export function slowestCallMsOf({ content }: Pick<CourseFactorySettings, "content">): number {
  return content === null ? templateGenerator.slowestCallMs : slowestChatMs(content);
}

/**
 * The generator that the settings ask for, and where its courses can be read.
 *
 * @param fetch reaches its service; what a handler has of its context
 */
export function makerOf(
  settings: Pick<CourseFactorySettings, "content" | "publicUrl">,
  fetch: CallOutside,
): CourseMaker {
  const { content } = settings;
  const generator = content === null ? templateGenerator : loadedGenerator({ ...content, fetch });
  return { ...generator, publicUrl: settings.publicUrl };
}
