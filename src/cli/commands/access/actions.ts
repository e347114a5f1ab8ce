import type { Command } from "commander";
import type { Action, Actions } from "../../../http/kit/answers/operations.ts";
import { cliOf, noteNextPage, withPaging } from "../../command.ts";
import { type Column, table } from "../../output.ts";

export const actionColumns: readonly Column<Action>[] = [
  ["AT", (row) => row.at],
  ["ACTION", (row) => row.action],
  ["BY", (row) => row.actor_id],
  ["SUBSCRIBER", (row) => row.subscriber],
  ["AFFECTED", (row) => row.affected],
  ["JOB", (row) => row.job_id],
  ["REQUEST", (row) => row.request_id],
  ["REASON", (row) => row.reason],
];

/** `charter actions`: what operators did, the newest first. */
export function addActions(program: Command): void {
  withPaging(program.command("actions"))
    .description("what operators did: who, what, why")
    .option("--subscriber <name>", "only about this consumer")
    .option("--action <action>", "only these, e.g. consumer.paused")
    .option(
      "--request <id>",
      "only what this request did; its id is in the header x-request-id of its answer",
    )
    .action(async (options, command: Command) => {
      const cli = cliOf(command);
      const { subscriber, action, request: request_id, limit, cursor } = options;
      const answer = await cli.client.get<Actions>("/api/operator-actions", {
        subscriber,
        action,
        request_id,
        limit,
        cursor,
      });
      if (cli.out.json) return cli.out.data(answer);
      if (answer.operator_actions.length === 0) return cli.out.line("No actions.");
      cli.out.line(table(answer.operator_actions, actionColumns));
      noteNextPage(cli, answer.next_cursor);
    });
}
