import type { Services } from "../services.ts";
import type { StartOptions } from "../start-options.ts";

/** Where the workers find the services. Without a stream its two variables are missing. */
export function serviceVariables({ upstash, neonUrl }: Services): Record<string, string> {
  return {
    ...(upstash === null
      ? {}
      : { UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: upstash.token }),
    NEON_DATABASE_URL: neonUrl,
  };
}

export interface BindingSources {
  readonly options: StartOptions;
  readonly services: Services;
  /** Of the API, never 0: addresses that are told in events and on pages lead to it. */
  readonly port: number;
  readonly apiKey: string;
  /** Used when the environment gives none. */
  readonly certificateKey: string;
  /** The same. */
  readonly secretsKey: string;
  /** Those of the stand-in; none when Stripe itself is used. */
  readonly stripe: Readonly<Record<string, string>>;
}

/** The environment of both workers: what was set, and what `npm start` adds where nothing was. */
export function workerBindings(sources: BindingSources): Record<string, string> {
  const { options, services, port, apiKey, certificateKey, secretsKey, stripe } = sources;
  return {
    BRAIN_CERTIFICATE_KEY: certificateKey,
    BRAIN_SECRETS_KEY: secretsKey,
    BRAIN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    ...stripe,
    ...options.passedOn,
    ...serviceVariables(services),
    BRAIN_API_KEY: apiKey,
  };
}
