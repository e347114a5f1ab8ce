import type { PageModule } from "../page.ts";
import { SettingsMenu } from "../parts/settings-menu.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { Badge, Copy, curlOf, Empty, Tenant, Time } from "../parts/text.tsx";
import { settingsWords } from "../words/settings.ts";

interface Endpoints {
  readonly endpoints: readonly {
    readonly id: string;
    readonly tenant_id: string | null;
    readonly url: string;
    readonly event_types: readonly string[];
    readonly description: string;
    readonly status: string;
    readonly disabled_reason: string | null;
    readonly failing_since: string | null;
  }[];
  readonly next_cursor: string | null;
}

/** What adds an endpoint. */
const addition = { url: "https://shop.example/hooks", event_types: ["course.*"] };

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(settingsWords);
    const { cursor } = visit.queries;
    const found = await visit.api.get<Endpoints>("/api/webhooks", { cursor, limit: 100 });
    return {
      title: w.webhooks,
      main: (
        <>
          <SettingsMenu visit={visit} at="webhooks" />
          {found.endpoints.length === 0 ? (
            <Empty>{w.noWebhooks}</Empty>
          ) : (
            <Table
              label={w.webhooks}
              columns={[
                { name: w.address, kind: "wide" },
                { name: w.status },
                { name: w.tenant },
                { name: w.types },
                { name: w.failing },
              ]}
            >
              {found.endpoints.map((endpoint) => (
                <tr>
                  <td class="wide">
                    <code>{endpoint.url}</code>
                    <p class="quiet">{endpoint.description}</p>
                  </td>
                  <td>
                    {endpoint.status === "enabled" ? (
                      <Badge tone="good">{w.enabled}</Badge>
                    ) : (
                      <Badge tone="bad">{w.disabled}</Badge>
                    )}
                    <p class="quiet">{endpoint.disabled_reason}</p>
                  </td>
                  <td class="name">
                    <Tenant visit={visit} id={endpoint.tenant_id} />
                  </td>
                  <td>{endpoint.event_types.join(", ")}</td>
                  <td>
                    <Time visit={visit} at={endpoint.failing_since} as="ago" />
                  </td>
                </tr>
              ))}
            </Table>
          )}
          <Pager visit={visit} next={found.next_cursor} />
          {visit.can("webhooks:write") ? (
            <>
              <h2>{w.addWebhook}</h2>
              <p>{w.addWebhookWhy}</p>
              <Copy visit={visit} text={curlOf(visit, "/api/webhooks", addition)} />
            </>
          ) : null}
        </>
      ),
    };
  },
};
