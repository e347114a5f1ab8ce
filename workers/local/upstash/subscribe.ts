/** SUBSCRIBE, PSUBSCRIBE and MONITOR over REST: server-sent events, one connection to Redis per request. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createRedisConnection } from "../redis/connection.ts";
import type { RedisReply } from "../redis/resp.ts";
import { pathParts, RefusedRequestError } from "./commands.ts";

const streamed: ReadonlySet<string> = new Set(["subscribe", "psubscribe", "monitor"]);

/** Whether the path asks for a stream of messages instead of one answer. */
export function isSubscription(path: string): boolean {
  return streamed.has(path.slice(1).split("/", 1)[0]?.toLowerCase() ?? "");
}

/** An unread event more than this, and the subscriber is too slow to be kept; Redis does the same to its own. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

function toEvent(reply: RedisReply, isMonitorStart: boolean): string {
  // The status that MONITOR begins with is a JSON text at Upstash, its lines are not.
  if (isMonitorStart) return `data: ${JSON.stringify(reply)}\n\n`;
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
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const command = pathParts(path);
  const isMonitor = command[0]?.toLowerCase() === "monitor";
  if (command.length < 2 && !isMonitor) {
    throw new RefusedRequestError(
      `ERR wrong number of arguments for '${command[0]}', name a channel: /${command[0]}/{channel}`,
    );
  }
  const redis = createRedisConnection({ url: redisUrl });
  // Also who closes its own half alone: nobody can tell it from one that has gone.
  const leave = () => {
    redis.close();
    response.end();
  };
  for (const event of ["end", "close"]) request.socket.once(event, leave);
  await redis.stream(
    command,
    (reply) => {
      if (response.writableEnded) return;
      const isFirst = !response.headersSent;
      if (isFirst) {
        response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
      }
      response.write(toEvent(reply, isMonitor && isFirst));
      if (response.writableLength > MAX_UNSENT_BYTES) redis.close();
    },
    () => response.end(),
  );
  if (request.socket.readableEnded) leave();
}
