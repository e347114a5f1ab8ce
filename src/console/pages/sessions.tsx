import type { PageModule } from "../page.ts";
import { ActionForm } from "../parts/form.tsx";
import { SettingsMenu } from "../parts/settings-menu.tsx";
import { Table } from "../parts/table.tsx";
import { Empty, Tenant, Time } from "../parts/text.tsx";
import { settingsWords } from "../words/settings.ts";

interface Sessions {
  readonly sessions: readonly {
    readonly id: string;
    readonly identity: string;
    readonly name: string;
    readonly tenant_id: string | null;
    readonly scopes: readonly string[];
    readonly signed_in_with: string;
    readonly created_at: string;
    readonly expires_at: string;
  }[];
}

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(settingsWords);
    const { sessions } = await visit.api.get<Sessions>("/api/sessions");
    return {
      title: w.sessions,
      main: (
        <>
          <SettingsMenu visit={visit} at="sessions" />
          {sessions.length === 0 ? (
            <Empty>{w.noSessions}</Empty>
          ) : (
            <Table
              label={w.sessions}
              columns={[
                { name: w.name },
                { name: w.signedInWith },
                { name: w.tenant },
                { name: w.scopes, kind: "wide" },
                { name: w.signedIn },
                { name: w.expires },
                { name: w.endSession },
              ]}
            >
              {sessions.map((session) => (
                <tr>
                  <td class="name">{session.name}</td>
                  <td>{session.signed_in_with}</td>
                  <td class="name">
                    <Tenant visit={visit} id={session.tenant_id} />
                  </td>
                  <td class="wide">{session.scopes.join(", ")}</td>
                  <td>
                    <Time visit={visit} at={session.created_at} as="ago" />
                  </td>
                  <td>
                    <Time visit={visit} at={session.expires_at} />
                  </td>
                  <td>
                    <ActionForm
                      visit={visit}
                      action="end"
                      button={w.endSession}
                      tone="plain"
                      class="inline"
                      hidden={{ id: session.id }}
                    />
                  </td>
                </tr>
              ))}
            </Table>
          )}
        </>
      ),
    };
  },
  actions: {
    async end(visit, form) {
      const { requestId } = await visit.api.change(
        `/api/sessions/${encodeURIComponent(form.text("id"))}/revoke`,
        { idempotencyKey: form.idempotencyKey },
      );
      return {
        goTo: visit.href("/settings/sessions"),
        told: visit.words(settingsWords).doneSession,
        requestId,
      };
    },
  },
};
