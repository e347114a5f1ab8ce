import { defineSettings, flag, whole } from "@brain/engine";
import * as z from "zod";
import { publicUrl } from "./kit/public-url.ts";
import type { RequestLimits } from "./requests/limits.ts";
import type { DocumentAccess } from "./routes/document.ts";

export interface HttpSettings {
  /** The bootstrap key, a bearer key with all rights; null: it is switched off. */
  readonly apiKey: string | null;
  /** Requests in work at once in an isolate; what is beyond is answered 503 at once. */
  readonly requestPlaces: number;
  readonly requestLimits: RequestLimits;
  readonly documents: DocumentAccess;
}

export const httpSettings = defineSettings(
  {
    BRAIN_API_KEY: z.string().min(16, "expected at least 16 characters").optional(),
    BRAIN_BOOTSTRAP_KEY: z.enum(["on", "off"]).default("on"),
    BRAIN_REQUESTS_MAX: whole(1, 10_000).default(64),
    /** Requests a minute in an isolate; 0: any number. */
    BRAIN_REQUESTS_PER_IDENTITY: whole(0, 1_000_000).default(0),
    BRAIN_REQUESTS_PER_TENANT: whole(0, 1_000_000).default(0),
    BRAIN_COSTLY_PER_IDENTITY: whole(0, 1_000_000).default(600),
    BRAIN_COSTLY_PER_TENANT: whole(0, 1_000_000).default(1_800),
    BRAIN_REQUESTS_PER_ADDRESS: whole(0, 1_000_000).default(6_000),
    BRAIN_REFUSALS_PER_ADDRESS: whole(0, 1_000_000).default(600),
    ...publicUrl,
    BRAIN_PUBLIC_SCHEMAS: flag.default(false),
  },
  (env, fault): HttpSettings => {
    const isOn = env.BRAIN_BOOTSTRAP_KEY === "on";
    if (isOn && env.BRAIN_API_KEY === undefined)
      fault(
        "BRAIN_API_KEY",
        "is missing; without it nobody can make the first API key. BRAIN_BOOTSTRAP_KEY=off does without",
      );
    return {
      apiKey: isOn ? (env.BRAIN_API_KEY ?? null) : null,
      requestPlaces: env.BRAIN_REQUESTS_MAX,
      requestLimits: {
        perIdentity: env.BRAIN_REQUESTS_PER_IDENTITY || null,
        perTenant: env.BRAIN_REQUESTS_PER_TENANT || null,
        perCostly: env.BRAIN_COSTLY_PER_IDENTITY || null,
        perTenantCostly: env.BRAIN_COSTLY_PER_TENANT || null,
        perAddress: env.BRAIN_REQUESTS_PER_ADDRESS || null,
        refusalsPerAddress: env.BRAIN_REFUSALS_PER_ADDRESS || null,
      },
      documents: {
        publicUrl: env.BRAIN_PUBLIC_URL ?? null,
        isPublic: env.BRAIN_PUBLIC_SCHEMAS,
      },
    };
  },
);
