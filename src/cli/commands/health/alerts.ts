import type { Command } from "commander";
import type { Alert, AlertDetails, AlertList } from "../../../http/kit/answers/alerts.ts";
import { type Cli, cliOf, noteNextPage, withPaging } from "../../command.ts";
import { facts, table } from "../../output.ts";

interface ListOptions {
  readonly all?: boolean;
  readonly state?: string;
  readonly kind?: string;
  readonly severity?: string;
  readonly tenant?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** `charter alerts …`: what needs somebody. */
export function addAlerts(program: Command): void {
  const alerts = program.command("alerts").description("alerts: what needs somebody, and who looks after it");

  withPaging(alerts.command("ls", { isDefault: true }))
    .description("what is open, the newest first")
    .option("--all", "also what has ended")
    .option("--state <state>", "only these: open, acknowledged, reopened, closed")
    .option("--kind <kind>", "only these, e.g. brake_open")
    .option("--severity <severity>", "only these: warning, high, critical")
    .option("--tenant <id>", "only those of this tenant")
    .action((options: ListOptions, command: Command) => list(cliOf(command), options));

  alerts
    .command("show <id>")
    .description("one alert: what led to it, who did what")
    .action((id: string, _options, command: Command) => show(cliOf(command), id));

  alerts
    .command("ack <id>")
    .description("say that you look after it")
    .option("--note <text>", "kept with it, so no personal data")
    .action((id: string, { note }: { readonly note?: string }, command: Command) =>
      change(cliOf(command), id, "acknowledge", { note }),
    );

  alerts
    .command("close <id>")
    .description("end it; it opens again when it is seen again")
    .requiredOption("--reason <text>", "why; kept with it, so no personal data")
    .action((id: string, { reason }: { readonly reason: string }, command: Command) =>
      change(cliOf(command), id, "close", { reason }),
    );

  alerts
    .command("test")
    .description("send a test to all sinks")
    .action((_options, command: Command) => test(cliOf(command)));
}

const path = (id: string, rest = "") => `/api/alerts/${encodeURIComponent(id)}${rest}`;

async function list(cli: Cli, options: ListOptions): Promise<void> {
  const { client, out } = cli;
  const { all, state, kind, severity, tenant, limit, cursor } = options;
  const answer = await client.get<AlertList>("/api/alerts", {
    status: all === true ? "all" : "open",
    state,
    kind,
    severity,
    tenant_id: tenant,
    limit,
    cursor,
  });
  if (out.json) return out.data(answer);
  if (answer.alerts.length === 0) return out.line("There are no alerts.");
  out.line(
    table<Alert>(answer.alerts, [
      ["ID", (row) => row.id],
      ["SEVERITY", (row) => row.severity],
      ["STATE", (row) => row.state],
      ["KIND", (row) => row.kind],
      ["SUBJECT", (row) => row.subject],
      ["TENANT", (row) => row.tenant_id ?? "all"],
      ["COUNT", (row) => row.count],
      ["LAST SEEN", (row) => row.last_seen_at],
    ]),
  );
  noteNextPage(cli, answer.next_cursor);
}

async function show({ client, out }: Cli, id: string): Promise<void> {
  const answer = await client.get<AlertDetails>(path(id));
  if (out.json) return out.data(answer);
  out.line(describe(answer));
}

function describe(alert: AlertDetails): string {
  const told = facts([
    ["id", alert.id],
    ["kind", alert.kind],
    ["subject", alert.subject],
    ["tenant", alert.tenant_id ?? "all"],
    ["severity", alert.severity],
    ["state", alert.state],
    ["seen", `${alert.count} times, ${alert.first_seen_at} … ${alert.last_seen_at}`],
    ["ended", alert.resolved_at],
    ["opened again after", alert.reopens],
    ["events", alert.event_ids.join(" ")],
    ["message", alert.message],
  ]);
  const done = alert.actions.map(
    ({ at, action, actor_id, note }) =>
      `${at}  ${action} by ${actor_id ?? "the holder of the key"}${note === null ? "" : `: ${note}`}`,
  );
  return [told, ...done].join("\n");
}

async function change(
  { client, out }: Cli,
  id: string,
  verb: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const answer = await client.post<AlertDetails>(path(id, `/${verb}`), body);
  if (out.json) return out.data(answer);
  out.line(`The alert ${answer.id} (${answer.kind} ${answer.subject}) is ${answer.state}.`);
}

async function test({ client, out }: Cli): Promise<void> {
  interface Tested {
    readonly messages: readonly { readonly message_id: string; readonly sink: string }[];
  }
  const answer = await client.post<Tested>("/api/alert-sinks/test");
  if (out.json) return out.data(answer);
  out.line(
    `Sent to ${answer.messages.map(({ sink }) => sink).join(", ")}; GET /api/alert-sinks shows what became of it.`,
  );
}
