import { type Consumer, defineConsumer, type HandlerContext, on, onSql, toldAt } from "@brain/engine";
import { agentError, agentHeartbeat, agentOffline, agentOnline, type Envelope } from "@brain/schemas";
import { inIntegerColumn } from "../columns.ts";
import { producer } from "./announce.ts";
import { afterReport, type Report } from "./state.ts";
import { countingError, lockOrCreate, saveState, type Whose } from "./store.ts";

/**
 * The subscriber `agents`: notes what other programs tell of agents on the stream. What this module published itself is
 * in its table already. What stands earlier on the stream never replaces what stands later, whatever times the events
 * name; so a forced replay, which has events applied once more, changes nothing here, and counts no error again.
 */
export function agentsConsumer(): Consumer {
  return defineConsumer({
    subscriber: "agents",
    source: producer,
    handlers: [
      on(agentOnline, (event, context) => note(event, event.payload.agent_id, { kind: "online" }, context)),
      on(agentOffline, (event, context) => note(event, event.payload.agent_id, { kind: "offline" }, context)),
      on(agentHeartbeat, (event, context) => {
        const { agent_id, tasks_completed, tasks_failed } = event.payload;
        const report = {
          kind: "heartbeat",
          tasksCompleted: inIntegerColumn(tasks_completed),
          tasksFailed: inIntegerColumn(tasks_failed),
        } as const;
        return note(event, agent_id, report, context);
      }),
      // One that is counted already is no second error when a forced replay brings it again.
      onSql(agentError, ({ event, build, now, repeated }) =>
        isOwn(event) || repeated ? [] : [countingError(build, event.payload.agent_id, whoseOf(event), now())],
      ),
    ],
  });
}

/** What is read of an event beside its payload. */
type Head = Pick<Envelope, "meta" | "tenant_id">;

function isOwn(event: Head): boolean {
  return event.meta.producer === producer;
}

/** A tenant tells of its own agents only, and takes none that has no tenant. */
function whoseOf({ tenant_id: tenantId }: Head): Whose {
  return tenantId === null ? { kind: "any" } : { kind: "of", tenantId };
}

async function note(
  event: Head,
  agentId: string,
  report: Report,
  { tx, now, streamMessageId }: HandlerContext,
): Promise<void> {
  if (isOwn(event)) return;
  const at = toldAt(streamMessageId, now());
  const agent = await lockOrCreate(tx, agentId, whoseOf(event), at);
  await saveState(tx, agent, afterReport(agent, report, at, now()), now());
}
