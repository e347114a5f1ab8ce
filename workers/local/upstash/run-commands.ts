/** Runs commands, pipelines and transactions, and puts replies into the form of Upstash. */

import type { RedisConnection } from "../redis/connection.ts";
import { type CommandArgument, type RedisReply, RedisReplyError, type ReplyShape } from "../redis/resp.ts";
import { parseBody, parseCommands, RefusedRequestError } from "./commands.ts";

/** Errors inside an array (a script's, a transaction's) have no place of their own in JSON: their text stands in. */
function withoutErrors(reply: RedisReply, shape: ReplyShape): RedisReply {
  if (Array.isArray(reply)) {
    for (let index = 0; index < reply.length; index++) {
      const item = reply[index];
      if (typeof item === "object" && item !== null) reply[index] = withoutErrors(item, shape);
    }
    return reply;
  }
  return reply instanceof RedisReplyError ? Buffer.from(reply.message).toString(shape.encoding) : reply;
}

/** What was asked of Redis is offered by Upstash, so one that does not know it is older, or lacks a module. */
function errorText({ message }: RedisReplyError): string {
  if (!message.startsWith("ERR unknown command")) return message;
  return `${message.trimEnd()}. Upstash has it, the Redis behind this gateway does not: it needs a newer one, or a module`;
}

function toItem(reply: RedisReply, shape: ReplyShape): { result: RedisReply } | { error: string } {
  return reply instanceof RedisReplyError
    ? { error: errorText(reply) }
    : { result: withoutErrors(reply, shape) };
}

export interface Answer {
  readonly status: number;
  /** Bytes are sent as they are, everything else as JSON. */
  readonly body: unknown;
}

/** An error as Redis writes it, one character for each byte. */
export function rawError(message: string): string {
  return Buffer.from(`-${message.replace(/[\r\n]+/g, " ")}\r\n`).toString("latin1");
}

export async function runCommand(
  redis: RedisConnection,
  args: readonly CommandArgument[],
  shape: ReplyShape,
): Promise<Answer> {
  const [reply = null] = await redis.send([args], shape);
  if (shape.encoding === "resp2") {
    const raw = String(reply);
    return { status: raw.startsWith("-") ? 400 : 200, body: Buffer.from(raw, "latin1") };
  }
  const item = toItem(reply, shape);
  return { status: "error" in item ? 400 : 200, body: item };
}

export async function runPipeline(
  redis: RedisConnection,
  body: Uint8Array,
  shape: ReplyShape,
): Promise<Answer> {
  const commands = parseCommands(parseBody(body), "pipeline");
  const sent = commands.filter((command) => Array.isArray(command));
  const replies = sent.length > 0 ? await redis.send(sent, shape) : [];
  let next = 0;
  if (shape.encoding === "resp2") {
    const raw = commands.map((command) =>
      Array.isArray(command) ? String(replies[next++]) : rawError(command.error),
    );
    return { status: 200, body: Buffer.from(raw.join(""), "latin1") };
  }
  const items = commands.map((command) =>
    Array.isArray(command) ? toItem(replies[next++] ?? null, shape) : command,
  );
  return { status: 200, body: items };
}

export async function runTransaction(
  redis: RedisConnection,
  body: Uint8Array,
  shape: ReplyShape,
): Promise<Answer> {
  const commands = parseCommands(parseBody(body), "multi-exec").map((command) => {
    if (Array.isArray(command)) return command;
    throw new RefusedRequestError(
      `EXECABORT Transaction discarded because of previous errors. ${command.error}`,
    );
  });
  const replies = await redis.send([["MULTI"], ...commands, ["EXEC"]], shape);
  const outcome = replies.at(-1) ?? null;
  if (Array.isArray(outcome)) return { status: 200, body: outcome.map((reply) => toItem(reply, shape)) };
  const cause = replies.find((reply) => reply instanceof RedisReplyError);
  const message = outcome instanceof RedisReplyError ? outcome.message : "EXECABORT Transaction discarded";
  const detail = cause && cause !== outcome ? ` ${errorText(cause)}` : "";
  return { status: 400, body: { error: message + detail } };
}
