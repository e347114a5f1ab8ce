import { agentHeartbeat, agentOnline, agentTaskRequest, systemHealth } from "@brain/schemas";
import { subscribers } from "./content.ts";
import type { OperatorAct } from "./fault-plan.ts";

/*
 * What an operator does in the middle of it all. None of it may lose, repeat or reorder anything: a replay brings what is
 * missing, a redrive what failed for good, and a pause ends by itself.
 */

/** A type that the consumer handles. */
export function typeOf(subscriber: string): string {
  if (subscriber === subscribers.cause) return agentOnline.type;
  return subscriber === subscribers.follow ? agentTaskRequest.type : agentHeartbeat.type;
}

interface Call {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function callOf(act: OperatorAct, subscriber: string): Call {
  const reason = "chaos";
  switch (act) {
    case "pause":
      return { path: `/api/consumers/${subscriber}/pause`, body: { reason, for_seconds: 1 } };
    case "pause a type":
      return {
        path: `/api/consumers/${subscriber}/pause`,
        body: { reason, for_seconds: 1, event_type: typeOf(subscriber) },
      };
    case "resume":
      return { path: `/api/consumers/${subscriber}/resume`, body: { reason } };
    case "replay":
      return { path: "/api/replays", body: { subscriber, name: crypto.randomUUID(), stop_ratio: null } };
    case "forced replay":
      // Of one consumer, whose effects tell of the replay, and of events without a key.
      return {
        path: "/api/replays",
        body: {
          ...{ subscriber: subscribers.each, types: [systemHealth.type], mode: "force" },
          ...{ name: crypto.randomUUID(), stop_ratio: null, reason },
        },
      };
    case "redrive":
      return { path: "/api/dead-letters/redrive", body: { filter: { subscriber }, reason, ramp: false } };
    case "discard":
      return { path: "/api/dead-letters/discard", body: { filter: { subscriber }, reason } };
  }
}

/** @returns what came of it, in a few words */
export async function operate(
  url: string,
  { act, subscriber }: { readonly act: OperatorAct; readonly subscriber: string },
  { apiKey, signal }: { readonly apiKey: string; readonly signal: AbortSignal },
): Promise<string> {
  const { path, body } = callOf(act, subscriber);
  try {
    const answer = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    // A refusal that no fault explains is a mistake of this file.
    if (answer.status < 500 && !answer.ok && answer.status !== 409)
      throw new RefusedError(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
    return `${act} answered ${answer.status}`;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    return `${act} without an answer`;
  }
}

class RefusedError extends Error {
  override readonly name = "RefusedError";
}
