import { inject, onTestFinished } from "vitest";
import { startNeonGateway } from "../../workers/local/neon/gateway.ts";
import { startUpstashGateway } from "../../workers/local/upstash/gateway.ts";
import type { Backbone } from "../backbone.ts";
import { foreignBeat, type OpenOptions, openBackbone } from "./fixture.ts";

/* Services whose answers have room for little, as theirs have for much: what is too large is read in parts. */

/** Bytes. */
const room = 200_000;

/** On a Redis whose answers have room for three entries of `appendLarge`. */
export async function openNarrow(options: Omit<OpenOptions, "env"> = {}): Promise<Backbone> {
  const { redisUrl } = inject("services");
  const gateway = await startUpstashGateway({ redisUrl, token: "narrow", maxAnswerBytes: room });
  onTestFinished(() => gateway.close());
  return openBackbone({
    ...options,
    env: {
      UPSTASH_REDIS_REST_URL: gateway.url,
      UPSTASH_REDIS_REST_TOKEN: gateway.token,
      BRAIN_STREAM_KEEP: "0",
    },
  });
}

/** On a Postgres whose answers over HTTP have as little room. */
export async function openNarrowRecord(options: Omit<OpenOptions, "env"> = {}): Promise<Backbone> {
  const { databaseUrl } = inject("services");
  const gateway = await startNeonGateway({ databaseUrl, maxBodyBytes: room });
  onTestFinished(() => gateway.close());
  return openBackbone({
    ...options,
    env: ({ databaseUrl: own }) => ({
      NEON_DATABASE_URL: gateway.connectionString(new URL(own).pathname.slice(1)),
    }),
  });
}

/** Entries of another program with the numbers from `from` until below `to`. */
export async function appendLarge(
  backbone: Backbone,
  from: number,
  to: number,
  bytes = 60_000,
): Promise<void> {
  for (let number = from; number < to; number += 1) {
    await backbone.append([...foreignBeat("m", number), "note", "x".repeat(bytes)]);
  }
}
