import type { Command } from "commander";
import { cliOf } from "../../command.ts";
import { facts } from "../../output.ts";

interface Caller {
  readonly kind: string | null;
  readonly id: string | null;
  readonly name: string | null;
  readonly tenant_id: string | null;
  readonly scopes: readonly string[];
  readonly acting_as: string | null;
}

/** `charter whoami`: whose credential this is, and what it may do. */
export function addWhoami(program: Command): void {
  program
    .command("whoami")
    .description("whose credential this is, as the server sees it, and what it may do")
    .action(async (_options, command: Command) => {
      const { client, out } = cliOf(command);
      const answer = await client.get<Caller>("/api/me");
      if (out.json) return out.data(answer);
      out.line(
        facts([
          ["id", answer.id],
          ["kind", answer.kind],
          ["name", answer.name],
          ["tenant", answer.tenant_id ?? "all"],
          ["scopes", answer.scopes.join(" ")],
          ["acting as", answer.acting_as],
        ]),
      );
    });
}
