import type { ApiKey } from "../../http/kit/product-answers.ts";
import { type Role, roles } from "../../http/kit/scopes.ts";
import type { PageModule, Visit } from "../page.ts";
import { ActionForm, field, typed } from "../parts/form.tsx";
import { KeyStatus } from "../parts/key-status.tsx";
import { type MadeSecret, secretPage } from "../parts/secret.tsx";
import { SettingsMenu } from "../parts/settings-menu.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { Empty, Tenant, Time } from "../parts/text.tsx";
import { settingsWords } from "../words/settings.ts";

const dayMs = 86_400_000;
const lifetimes = ["7", "30", "90", "365"] as const;

interface Keys {
  readonly keys: readonly ApiKey[];
  readonly next_cursor: string | null;
}

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(settingsWords);
    const { cursor } = visit.queries;
    const { keys, next_cursor } = await visit.api.get<Keys>("/api/keys", { cursor, limit: 100 });
    return {
      title: w.keys,
      main: (
        <>
          <SettingsMenu visit={visit} at="keys" />
          {keys.length === 0 ? <Empty>{w.noKeys}</Empty> : <KeyTable visit={visit} keys={keys} />}
          <Pager visit={visit} next={next_cursor} />
          <section class="actions">
            <CreateKey visit={visit} />
          </section>
        </>
      ),
    };
  },
  actions: {
    async create(visit, form) {
      const days = form.optional("days");
      const expires_at =
        days === null ? null : new Date(visit.now.getTime() + Number(days) * dayMs).toISOString();
      const tenant = form.optional("tenant_id");
      const { body } = await visit.api.change<MadeSecret>("/api/keys", {
        body: {
          name: form.text("name"),
          roles: [form.text("role")],
          expires_at,
          ...(tenant === null ? {} : { tenant_id: tenant }),
        },
        // Its answer holds a secret, which the route keeps for no repetition.
        idempotencyKey: null,
      });
      return { shown: secretPage(visit, body) };
    },
  },
};

function KeyTable({ visit, keys }: { readonly visit: Visit; readonly keys: readonly ApiKey[] }) {
  const w = visit.words(settingsWords);
  return (
    <Table
      label={w.keys}
      columns={[
        { name: w.name },
        { name: w.status },
        { name: w.tenant },
        { name: w.scopes, kind: "wide" },
        { name: w.expires },
        { name: w.lastUsed },
      ]}
    >
      {keys.map((key) => (
        <tr>
          <td class="name">
            <a href={visit.href(`/settings/keys/${key.id}`)}>{key.name}</a>{" "}
            <code class="quiet">{key.prefix}…</code>
          </td>
          <td>
            <KeyStatus visit={visit} status={key.status} />
          </td>
          <td class="name">
            <Tenant visit={visit} id={key.tenant_id} />
          </td>
          <td class="wide">{key.scopes.join(", ")}</td>
          <td>
            <Time visit={visit} at={key.expires_at} />
          </td>
          <td>
            {key.last_used_at === null ? (
              <span class="quiet">{w.neverUsed}</span>
            ) : (
              <Time visit={visit} at={key.last_used_at} as="ago" />
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function CreateKey({ visit }: { readonly visit: Visit }) {
  const w = visit.words(settingsWords);
  const chosen = typed(visit, "create", "role", "viewer");
  const days = typed(visit, "create", "days", "90");
  const names = Object.keys(roles) as readonly Role[];
  return (
    <ActionForm visit={visit} action="create" button={w.createKey}>
      <h2>{w.createKey}</h2>
      <p class="quiet">{w.createWhy}</p>
      <label>
        {w.name}
        <input
          type="text"
          {...field(visit, "create", "name")}
          required
          maxlength={100}
          value={typed(visit, "create", "name")}
        />
      </label>
      <label>
        {w.role}
        <select {...field(visit, "create", "role", "roles")}>
          {names.map((name) => (
            <option value={name} selected={name === chosen}>
              {`${name}: ${roles[name].join(", ")}`}
            </option>
          ))}
        </select>
      </label>
      {visit.isForAllTenants ? (
        <label>
          {w.tenant}
          <input
            type="text"
            {...field(visit, "create", "tenant_id")}
            maxlength={100}
            value={typed(visit, "create", "tenant_id")}
          />
          <span class="hint">{w.tenantWhy}</span>
        </label>
      ) : null}
      <label>
        {w.days}
        <select {...field(visit, "create", "days", "expires_at")}>
          {lifetimes.map((one) => (
            <option value={one} selected={one === days}>
              {w.dayCount(one)}
            </option>
          ))}
          <option value="" selected={days === ""}>
            {w.forEver}
          </option>
        </select>
      </label>
    </ActionForm>
  );
}
