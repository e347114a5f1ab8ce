import type { ApiKey } from "../../http/kit/product-answers.ts";
import { requireConfirmed } from "../confirm.ts";
import type { PageModule, Visit } from "../page.ts";
import { ActionForm, ConfirmCount, field } from "../parts/form.tsx";
import { KeyStatus } from "../parts/key-status.tsx";
import { type MadeSecret, secretPage } from "../parts/secret.tsx";
import { Facts, Tenant, Time } from "../parts/text.tsx";
import { settingsWords } from "../words/settings.ts";

const routeOf = (visit: Visit) => `/api/keys/${encodeURIComponent(visit.param("id"))}`;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(settingsWords);
    const key = await visit.api.get<ApiKey>(routeOf(visit));
    return {
      title: key.name,
      trail: [
        { href: visit.href("/settings"), text: w.title },
        { href: visit.href("/settings/keys"), text: w.keys },
      ],
      main: (
        <>
          <h1>{key.name}</h1>
          <Facts
            of={[
              [w.status, <KeyStatus visit={visit} status={key.status} />],
              ["Id", <code>{key.id}</code>],
              [w.kind, key.kind],
              [w.tenant, <Tenant visit={visit} id={key.tenant_id} />],
              [w.scopes, key.scopes.join(", ")],
              [w.created, <Time visit={visit} at={key.created_at} as="dateTime" />],
              [w.createdBy, key.created_by],
              [
                w.expires,
                key.expires_at === null ? (
                  w.forEver
                ) : (
                  <Time visit={visit} at={key.expires_at} as="dateTime" />
                ),
              ],
              [
                w.lastUsed,
                key.last_used_at === null ? w.neverUsed : <Time visit={visit} at={key.last_used_at} />,
              ],
              [
                w.previous,
                key.previous_until === null ? null : <Time visit={visit} at={key.previous_until} />,
              ],
            ]}
          />
          {key.status === "active" ? <Changes visit={visit} /> : null}
        </>
      ),
    };
  },
  actions: {
    async rotate(visit, form) {
      const { body } = await visit.api.change<MadeSecret>(`${routeOf(visit)}/rotate`, {
        body: { overlap_seconds: Number(form.text("overlap")) },
        // Its answer holds a secret, which the route keeps for no repetition.
        idempotencyKey: null,
      });
      return { shown: secretPage(visit, { ...body, id: visit.param("id") }) };
    },
    async revoke(visit, form) {
      requireConfirmed(form, 1);
      const { requestId } = await visit.api.change(`${routeOf(visit)}/revoke`, {
        idempotencyKey: form.idempotencyKey,
      });
      return {
        goTo: visit.href(`/settings/keys/${visit.param("id")}`),
        told: visit.words(settingsWords).doneRevoked,
        requestId,
      };
    },
  },
};

function Changes({ visit }: { readonly visit: Visit }) {
  const w = visit.words(settingsWords);
  const overlaps = [
    ["86400", w.overlapDay],
    ["3600", w.overlapHour],
    ["604800", w.overlapWeek],
    ["0", w.overlapNone],
  ] as const;
  return (
    <section class="actions">
      <ActionForm visit={visit} action="rotate" button={w.rotate}>
        <p class="quiet">{w.rotateWhy}</p>
        <label>
          {w.overlap}
          <select {...field(visit, "rotate", "overlap", "overlap_seconds")}>
            {overlaps.map(([value, text]) => (
              <option value={value}>{text}</option>
            ))}
          </select>
        </label>
      </ActionForm>
      <ActionForm visit={visit} action="revoke" button={w.revoke} tone="danger">
        <p class="quiet">{w.revokeWhy}</p>
        <ConfirmCount visit={visit} action="revoke" count={1} />
      </ActionForm>
    </section>
  );
}
