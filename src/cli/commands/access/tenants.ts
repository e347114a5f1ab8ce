import { type Command, InvalidArgumentError } from "commander";
import { type Cli, cliOf, withReason } from "../../command.ts";
import { table } from "../../output.ts";
import { requireReason } from "../repair/consumers.ts";

/** Null: any number; left out: as set for all. */
interface Quotas {
  readonly events_per_minute?: number | null;
  readonly rows?: number | null;
  readonly missions?: number | null;
}

/** A tenant as the API shows it. */
interface Tenant extends Quotas {
  readonly tenant_id: string;
  readonly weight: number;
  readonly unsent: number;
  readonly unread: number | null;
  readonly deferred: number;
  readonly rows_kept?: number | null;
}

interface TenantList {
  readonly tenants: readonly Tenant[];
  /** Left out by older servers. */
  readonly shards_away?: readonly number[];
}

interface LimitsOptions {
  readonly weight?: number;
  readonly events?: GivenQuota;
  readonly rows?: GivenQuota;
  readonly missions?: GivenQuota;
  readonly reason?: string;
}

/** `charter tenants …`: what waits for each tenant, and how much it may do. */
export function addTenants(program: Command): void {
  const tenants = program.command("tenants").description("tenants: what waits for each, how much it may do");

  tenants
    .command("ls", { isDefault: true })
    .description("tenants for whom something is set or waits, those with the largest backlog first")
    .action((_options, command: Command) => list(cliOf(command)));

  withReason(tenants.command("limits <tenant>"))
    .description("set the limits of one tenant; what is left out becomes what is set for all")
    .option("--weight <n>", "its share beside other tenants', 0.01 to 100; for all 1", weightOf)
    .option("--events <n>", "events a minute; any: without limit", quotaOf)
    .option("--rows <n>", "rows that it keeps; any: without limit", quotaOf)
    .option("--missions <n>", "missions that are not over; any: without limit", quotaOf)
    .action((tenant: string, options: LimitsOptions, command: Command) =>
      limit(cliOf(command), tenant, options),
    );
}

/** commander takes null for nothing given. */
type GivenQuota = number | "any";

function quotaOf(text: string): GivenQuota {
  if (text === "any") return text;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 on, or "any".');
}

function weightOf(text: string): number {
  const weight = Number(text);
  if (text.trim() !== "" && weight >= 0.01 && weight <= 100) return weight;
  throw new InvalidArgumentError("Expected a number from 0.01 to 100.");
}

const sent = (quota: GivenQuota | undefined) => (quota === "any" ? null : quota);

/** As set for all, any number, or how many. */
const shown = (quota: number | null | undefined) => (quota === undefined ? "-" : (quota ?? "any"));

async function list({ client, out }: Cli): Promise<void> {
  const answer = await client.get<TenantList>("/api/tenants");
  if (out.json) return out.data(answer);
  const away = answer.shards_away ?? [];
  if (away.length > 0) {
    out.line(
      `Redis does not answer for the shards ${away.join(", ")}: what nobody has read of them is not counted.`,
    );
  }
  if (answer.tenants.length === 0) return out.line("Nothing is set for a tenant, and nothing waits.");
  out.line(
    table(answer.tenants, [
      ["TENANT", (row) => (row.tenant_id === "" ? "(none)" : row.tenant_id)],
      ["UNSENT", (row) => row.unsent],
      ["UNREAD", (row) => row.unread ?? "?"],
      ["DEFERRED", (row) => row.deferred],
      ["WEIGHT", (row) => row.weight],
      ["EVENTS/MIN", (row) => shown(row.events_per_minute)],
      ["ROWS", (row) => (row.rows == null ? shown(row.rows) : `${row.rows_kept ?? "?"} of ${row.rows}`)],
      ["MISSIONS", (row) => shown(row.missions)],
    ]),
  );
}

async function limit({ client, out }: Cli, tenant: string, options: LimitsOptions): Promise<void> {
  const { weight, events, rows, missions } = options;
  const reason = requireReason(options.reason);
  const path = `/api/tenants/${encodeURIComponent(tenant)}/limits`;
  const set = await client.put<Tenant>(path, {
    weight,
    events_per_minute: sent(events),
    rows: sent(rows),
    missions: sent(missions),
    reason,
  });
  if (out.json) return out.data(set);
  const { events_per_minute } = set;
  out.line(
    `${tenant}: weight ${set.weight}, events a minute ${shown(events_per_minute)}, rows ${shown(set.rows)}, missions ${shown(set.missions)}. It holds within a minute; "-" is what is set for all.`,
  );
}
