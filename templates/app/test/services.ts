import type { TestServices } from "@brain/engine/testing";

/** Where the tests find Redis and Postgres: servers that they may use as they like. */
export function readServices(): TestServices {
  const { NEON_DATABASE_URL, UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } = process.env;
  if (!NEON_DATABASE_URL || !UPSTASH_REDIS_REST_URL || !UPSTASH_REDIS_REST_TOKEN) {
    throw new Error(
      "Set NEON_DATABASE_URL, UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN for the tests.",
    );
  }
  return {
    databaseUrl: NEON_DATABASE_URL,
    redis: { url: UPSTASH_REDIS_REST_URL, token: UPSTASH_REDIS_REST_TOKEN },
  };
}
