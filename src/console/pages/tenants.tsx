import { numberIn } from "../form.ts";
import type { PageModule, Visit } from "../page.ts";
import { ActionForm, field, ReasonField, typed } from "../parts/form.tsx";
import { SettingsMenu } from "../parts/settings-menu.tsx";
import { Table } from "../parts/table.tsx";
import { Empty } from "../parts/text.tsx";
import { settingsWords } from "../words/settings.ts";

interface Tenant {
  readonly tenant_id: string;
  readonly weight: number;
  readonly unsent: number;
  readonly unread: number | null;
  readonly deferred: number;
  /** Null: any number; left out: as set for all. */
  readonly events_per_minute?: number | null;
  readonly rows?: number | null;
  readonly rows_kept?: number | null;
  readonly missions?: number | null;
}

interface TenantList {
  readonly tenants: readonly Tenant[];
  readonly shards_away: readonly number[];
}

const quotas = ["events_per_minute", "rows", "missions"] as const;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(settingsWords);
    const { tenants, shards_away: away } = await visit.api.get<TenantList>("/api/tenants");
    return {
      title: w.tenants,
      main: (
        <>
          <SettingsMenu visit={visit} at="tenants" />
          {away.length === 0 ? null : <p class="message warn">{w.shardsAway(away.map(String).join(", "))}</p>}
          {tenants.length === 0 ? <Empty>{w.noTenants}</Empty> : <List visit={visit} tenants={tenants} />}
          {visit.can("admin") ? <Limits visit={visit} /> : null}
        </>
      ),
    };
  },
  actions: {
    async limits(visit, form) {
      const tenant = form.text("tenant");
      const { requestId } = await visit.api.change(`/api/tenants/${encodeURIComponent(tenant)}/limits`, {
        method: "PUT",
        // What is left empty is as set for all.
        body: {
          reason: form.text("reason"),
          ...numberIn(form, "weight"),
          ...numberIn(form, "events_per_minute"),
          ...numberIn(form, "rows"),
          ...numberIn(form, "missions"),
        },
        idempotencyKey: null,
      });
      const w = visit.words(settingsWords);
      return { goTo: visit.href("/settings/tenants"), told: w.doneLimits(tenant), requestId };
    },
  },
};

function List({ visit, tenants }: { readonly visit: Visit; readonly tenants: readonly Tenant[] }) {
  const w = visit.words(settingsWords);
  const { number } = visit.format;
  const quota = (value: number | null | undefined) =>
    value === undefined ? <span class="quiet">{w.asAll}</span> : value === null ? w.any : number(value);
  return (
    <Table
      label={w.tenants}
      columns={[
        { name: w.tenant, kind: "wide" },
        { name: w.weight, kind: "number" },
        { name: w.unsent, kind: "number" },
        { name: w.waiting, kind: "number" },
        { name: w.perMinute, kind: "number" },
        { name: w.rows, kind: "number" },
        { name: w.missions, kind: "number" },
      ]}
    >
      {tenants.map((tenant) => (
        <tr>
          <th scope="row" class="wide">
            {tenant.tenant_id === "" ? w.noTenant : tenant.tenant_id}
          </th>
          <td class="number">{number(tenant.weight)}</td>
          <td class="number">{number(tenant.unsent)}</td>
          <td class="number">
            {tenant.unread === null
              ? `${number(tenant.deferred)} + ?`
              : number(tenant.unread + tenant.deferred)}
          </td>
          <td class="number">{quota(tenant.events_per_minute)}</td>
          <td class="number">{quota(tenant.rows)}</td>
          <td class="number">{quota(tenant.missions)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Limits({ visit }: { readonly visit: Visit }) {
  const w = visit.words(settingsWords);
  const labels = { events_per_minute: w.perMinute, rows: w.rows, missions: w.missions };
  return (
    <section class="actions">
      <ActionForm visit={visit} action="limits" button={w.setButton}>
        <h2>{w.setLimits}</h2>
        <p class="quiet">{w.limitsWhy}</p>
        <label>
          {w.tenant}
          <input
            type="text"
            {...field(visit, "limits", "tenant")}
            required
            maxlength={100}
            value={typed(visit, "limits", "tenant")}
          />
        </label>
        <label>
          {w.weight}
          <input
            type="text"
            inputmode="decimal"
            {...field(visit, "limits", "weight")}
            pattern="[0-9]*[.,]?[0-9]+"
            class="short"
            value={typed(visit, "limits", "weight")}
          />
        </label>
        {quotas.map((name) => (
          <label>
            {labels[name]}
            <input
              type="text"
              inputmode="numeric"
              {...field(visit, "limits", name)}
              pattern="[0-9]*"
              class="short"
              value={typed(visit, "limits", name)}
            />
          </label>
        ))}
        <ReasonField visit={visit} action="limits" />
      </ActionForm>
    </section>
  );
}
