import { defineSettings, whole } from "@brain/engine";
import * as z from "zod";

export interface HttpSettings {
  /** Bearer key with all rights. */
  readonly apiKey: string;
  /** Requests in work at once in an isolate; what is beyond is answered 503 at once. */
  readonly requestPlaces: number;
}

export const httpSettings = defineSettings(
  {
    BRAIN_API_KEY: z.string().min(16, "expected at least 16 characters"),
    BRAIN_REQUESTS_MAX: whole(1, 10_000).default(64),
  },
  (env): HttpSettings => ({ apiKey: env.BRAIN_API_KEY, requestPlaces: env.BRAIN_REQUESTS_MAX }),
);
