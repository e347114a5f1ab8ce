import type { MissionTemplate } from "../answers/missions.ts";
import { invalidForm } from "../api.ts";
import type { Act, Form, PageModule, Visit } from "../page.ts";
import { ActionForm, field, typed } from "../parts/form.tsx";
import { Json } from "../parts/json.tsx";
import { Table } from "../parts/table.tsx";
import { Facts, Time } from "../parts/text.tsx";
import { missionWords } from "../words/missions.ts";

const routeOf = (visit: Visit) => `/api/missions/templates/${encodeURIComponent(visit.param("id"))}`;
const fieldOf = (name: string) => `variable.${name}`;

const instantiate: Act = async (visit, form) => {
  const template = await visit.api.get<MissionTemplate>(routeOf(visit));
  const { body } = await visit.api.change<{
    readonly missions: readonly { readonly mission_id: string }[];
  }>(`${routeOf(visit)}/instantiate`, {
    body: { variables: variablesOf(visit, template, form) },
    idempotencyKey: form.idempotencyKey,
  });
  const [first] = body.missions;
  return {
    goTo: visit.href(first === undefined ? "/missions" : `/missions/${first.mission_id}`),
    told: visit.words(missionWords).doneInstantiated(visit.format.number(body.missions.length)),
    // It begins work and repairs nothing: the events tell of it, not the audit of operators.
    requestId: null,
  };
};

/** What is left empty takes its default. */
function variablesOf(visit: Visit, template: MissionTemplate, form: Form): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(template.variables)) {
    const text = form.optional(fieldOf(name));
    if (text === null) continue;
    try {
      given[name] = type === "string" ? text : JSON.parse(text);
    } catch {
      throw invalidForm(visit.words(missionWords).notJson(name, type), `variables.${name}`);
    }
  }
  return given;
}

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(missionWords);
    const template = await visit.api.get<MissionTemplate>(routeOf(visit));
    return {
      title: template.name,
      trail: [
        { href: visit.href("/missions"), text: w.title },
        { href: visit.href("/missions/templates"), text: w.templates },
      ],
      main: (
        <>
          <h1>{template.name}</h1>
          {template.description === "" ? null : <p class="lead">{template.description}</p>}
          {template.unknown_actions.length === 0 ? null : (
            <p class="message warn">{w.unknownActions(template.unknown_actions.join(", "))}</p>
          )}
          <Facts
            of={[
              [w.category, template.category],
              [w.tenant, template.tenant_id],
              [w.changed, <Time visit={visit} at={template.updated_at} as="dateTime" />],
            ]}
          />
          <h2>{w.steps}</h2>
          <Table
            label={w.steps}
            columns={[{ name: w.step, kind: "number" }, { name: w.action }, { name: w.config, kind: "wide" }]}
          >
            {template.steps.map(({ order, action, config }) => (
              <tr>
                <td class="number">{order}</td>
                <td>
                  <code>{action}</code>
                </td>
                <td>
                  <Json visit={visit} value={config} />
                </td>
              </tr>
            ))}
          </Table>
          {visit.can("missions:write") ? <Instantiate visit={visit} template={template} /> : null}
        </>
      ),
    };
  },
  actions: { instantiate },
};

function Instantiate({ visit, template }: { readonly visit: Visit; readonly template: MissionTemplate }) {
  const w = visit.words(missionWords);
  return (
    <section class="actions">
      <ActionForm visit={visit} action="instantiate" button={w.instantiate}>
        <p class="quiet">{w.instantiateWhy}</p>
        {Object.entries(template.variables).map(([name, variable]) => {
          const standard = variable.default;
          const hints = [
            variable.description,
            variable.type === "string" ? "" : w.asJson(variable.type),
            variable.required && standard === null ? w.required : "",
          ].filter((hint) => hint !== "");
          return (
            <label>
              {name}
              <input
                type="text"
                {...field(visit, "instantiate", fieldOf(name), `variables.${name}`)}
                required={variable.required && standard === null}
                value={typed(
                  visit,
                  "instantiate",
                  fieldOf(name),
                  standard === null ? "" : typeof standard === "string" ? standard : JSON.stringify(standard),
                )}
              />
              {hints.length === 0 ? null : <span class="hint">{hints.join(" · ")}</span>}
            </label>
          );
        })}
      </ActionForm>
    </section>
  );
}
