/** SUBSCRIBE, PSUBSCRIBE and MONITOR over REST: server-sent events, one connection to Redis per request. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createRedisConnection } from "./redis-connection.ts";
import type { RedisReply } from "./resp.ts";
import { RefusedRequestError } from "./upstash-commands.ts";

const streamed: ReadonlySet<string> = new Set(["subscribe", "psubscribe", "monitor"]);

function pathParts(url: URL): string[] {
  return url.pathname.slice(1).split("/").map(decodeURIComponent);
}

/** Whether the path asks for a stream of messages instead of one answer. */
export function isSubscription(url: URL): boolean {
  return streamed.has(url.pathname.slice(1).split("/", 1)[0]?.toLowerCase() ?? "");
}

function toEvent(reply: RedisReply): string {
  const text = Array.isArray(reply) ? reply.join(",") : String(reply);
  return `data: ${text.replaceAll("\n", "\\n")}\n\n`;
}

/**
 * Streams until the client goes away or Redis closes.
 *
 * @throws RefusedRequestError when no channel is named; RedisUnavailableError when Redis cannot be reached.
 */
export async function serveSubscription(
  redisUrl: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const command = pathParts(url);
  if (command.length < 2 && command[0]?.toLowerCase() !== "monitor") {
    throw new RefusedRequestError(
      `ERR wrong number of arguments for '${command[0]}', name a channel: /${command[0]}/{channel}`,
    );
  }
  const redis = createRedisConnection({ url: redisUrl });
  request.socket.once("close", () => redis.close());
  await redis.stream(
    command,
    (reply) => {
      if (!response.headersSent) {
        response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
      }
      response.write(toEvent(reply));
    },
    () => response.end(),
  );
}
