import type { TemplateList } from "../answers/missions.ts";
import type { PageModule } from "../page.ts";
import { Pager, Table } from "../parts/table.tsx";
import { Copy, curlOf, Empty, Time } from "../parts/text.tsx";
import { missionWords } from "../words/missions.ts";

/** A template of one step with one variable. */
const example = {
  name: "Say a word back",
  steps: [{ order: 1, action: "echo", config: { word: "{{word}}" } }],
  variables: { word: { type: "string", required: true } },
};

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(missionWords);
    const found = await visit.api.get<TemplateList>("/api/missions/templates", {
      cursor: visit.query("cursor"),
      limit: 100,
    });
    return {
      title: w.templates,
      trail: [{ href: visit.href("/missions"), text: w.title }],
      main: (
        <>
          <h1>{w.templates}</h1>
          <p class="quiet">{w.templatesLead}</p>
          {found.templates.length === 0 ? (
            <>
              <Empty>{w.templatesNone}</Empty>
              {visit.can("missions:write") ? (
                <>
                  <p>{w.keepOne}</p>
                  <Copy visit={visit} text={curlOf(visit, "/api/missions/templates", example)} />
                </>
              ) : null}
            </>
          ) : (
            <Table
              label={w.templates}
              columns={[
                { name: w.template, kind: "wide" },
                { name: w.category },
                { name: w.steps, kind: "number" },
                { name: w.tenant },
                { name: w.changed },
              ]}
            >
              {found.templates.map((template) => (
                <tr>
                  <td>
                    <a href={visit.href(`/missions/templates/${template.id}`)}>{template.name}</a>
                    <p class="quiet">{template.description}</p>
                  </td>
                  <td>{template.category}</td>
                  <td class="number">{visit.format.number(template.steps.length)}</td>
                  <td>{template.tenant_id ?? "–"}</td>
                  <td>
                    <Time visit={visit} at={template.updated_at} as="ago" />
                  </td>
                </tr>
              ))}
            </Table>
          )}
          <Pager visit={visit} next={found.next_cursor} />
        </>
      ),
    };
  },
};
