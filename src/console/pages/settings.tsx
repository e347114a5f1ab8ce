import type { SettingsAnswer } from "../../http/kit/product-answers.ts";
import type { PageModule, Visit } from "../page.ts";
import { SettingsMenu } from "../parts/settings-menu.tsx";
import { Table } from "../parts/table.tsx";
import { Badge, Facts } from "../parts/text.tsx";
import { settingsWords } from "../words/settings.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(settingsWords);
    const isForCaller = visit.isForAllTenants && visit.can("admin");
    const answer = isForCaller ? await visit.api.get<SettingsAnswer>("/api/settings") : null;
    return {
      title: w.title,
      main: (
        <>
          <SettingsMenu visit={visit} at="configured" />
          {answer === null ? <p>{w.forAll}</p> : <Configured visit={visit} answer={answer} />}
        </>
      ),
    };
  },
};

interface AnswerProps {
  readonly visit: Visit;
  readonly answer: SettingsAnswer;
}

const sections = ["versions", "stores", "variables", "modules"] as const;

function Configured({ visit, answer }: AnswerProps) {
  const w = visit.words(settingsWords);
  return (
    <>
      {/* On a phone each part is several windows. */}
      <nav class="buttons" aria-label={w.onPage}>
        {sections.map((id) => (
          <a href={`#${id}`}>{w[id]}</a>
        ))}
      </nav>
      <h2 id="versions">{w.versions}</h2>
      <Facts
        of={[
          [w.project, answer.versions.project ?? null],
          [w.engine, answer.versions.engine ?? null],
          [w.schemas, answer.versions.schemas ?? null],
          [w.runtime, answer.versions.runtime ?? null],
          [w.mode, answer.mode],
        ]}
      />
      <h2 id="stores">{w.stores}</h2>
      <Stores visit={visit} answer={answer} />
      <h2 id="variables">{w.variables}</h2>
      <Variables visit={visit} answer={answer} />
      <h2 id="modules">{w.modules}</h2>
      <Modules visit={visit} answer={answer} />
    </>
  );
}

type Store = SettingsAnswer["stores"]["postgres"];

function Reached({
  visit,
  store: { host, reachable, refusal },
}: {
  readonly visit: Visit;
  readonly store: Store;
}) {
  const w = visit.words(settingsWords);
  const [tone, said] =
    reachable === true
      ? (["good", w.answers] as const)
      : (["bad", refusal === null ? w.silent : w.refuses] as const);
  return (
    <>
      {host} <Badge tone={tone}>{said}</Badge>
      {refusal === null ? null : <p>{refusal}</p>}
    </>
  );
}

function Stores({ visit, answer: { stores, migrations } }: AnswerProps) {
  const w = visit.words(settingsWords);
  const { state, missing } = migrations;
  const told = state === "current" || state === "newer" || state === "behind" ? w[state] : w.unknown;
  const applied = migrations.needed.map(({ owner, count, newest }) => (
    <li>
      {owner === "the engine" ? w.engine : (owner ?? w.project)}:{" "}
      {w.applied(visit.format.number(count), newest)}
    </li>
  ));
  return (
    <Facts
      of={[
        ["Postgres", <Reached visit={visit} store={stores.postgres} />],
        ["Redis", stores.redis === null ? w.noStream : <Reached visit={visit} store={stores.redis} />],
        ...stores.further_redis.map(
          (store) => [`Redis ${store.number}`, <Reached visit={visit} store={store} />] as const,
        ),
        [
          w.migrations,
          <>
            <Badge tone={state === "behind" ? "bad" : state === null ? "warn" : "good"}>{told}</Badge>
            {missing.length === 0 ? null : <p>{w.missing(missing.join(", "))}</p>}
            <ul class="plain">{applied}</ul>
          </>,
        ],
      ]}
    />
  );
}

/** What is set, and folded away what is not: in full the variables are twenty windows of a phone. */
function Variables({ visit, answer }: AnswerProps) {
  const w = visit.words(settingsWords);
  const set = answer.settings.filter(({ is_set }) => is_set);
  const unset = answer.settings.filter(({ is_set }) => !is_set);
  return (
    <>
      {answer.set_in_vain.map(({ name, nearest }) => (
        <p class="message warn">
          {w.inVain}: <code>{name}</code>
          {nearest == null ? "" : `, ${w.perhaps(nearest)}`}
        </p>
      ))}
      <Table
        label={w.variables}
        columns={[
          { name: w.variable },
          { name: w.value },
          { name: w.standard },
          { name: w.meaning, kind: "wide" },
        ]}
      >
        {set.map((setting) => (
          <tr>
            <Named setting={setting} />
            <td class="wrap">
              {setting.value === null ? <Badge tone="info">{w.hidden}</Badge> : <code>{setting.value}</code>}
            </td>
            <Explained setting={setting} />
          </tr>
        ))}
      </Table>
      {unset.length === 0 ? null : (
        <details>
          <summary>{w.unset(visit.format.number(unset.length))}</summary>
          <Table
            label={w.unset(visit.format.number(unset.length))}
            columns={[{ name: w.variable }, { name: w.standard }, { name: w.meaning, kind: "wide" }]}
          >
            {unset.map((setting) => (
              <tr>
                <Named setting={setting} />
                <Explained setting={setting} />
              </tr>
            ))}
          </Table>
        </details>
      )}
    </>
  );
}

interface OfSetting {
  readonly setting: SettingsAnswer["settings"][number];
}

function Named({ setting }: OfSetting) {
  return (
    <th scope="row">
      <code>{setting.name}</code>
    </th>
  );
}

function Explained({ setting }: OfSetting) {
  return (
    <>
      <td class="wrap">{setting.default ?? "–"}</td>
      <td class="wide whole" lang="en">
        {setting.meaning}
      </td>
    </>
  );
}

function Modules({ visit, answer }: AnswerProps) {
  const w = visit.words(settingsWords);
  const listed = (names: readonly string[]) => (names.length === 0 ? "–" : names.join(", "));
  return (
    <Table
      label={w.modules}
      columns={[
        { name: w.module },
        { name: w.events, kind: "number" },
        { name: w.consumers },
        { name: w.jobs },
        { name: w.routes, kind: "wide" },
      ]}
    >
      {answer.modules.map(({ name, events, consumers, jobs, paths }) => (
        <tr>
          <th scope="row">
            <a href={visit.href("/catalog", { module: name })}>{name}</a>
          </th>
          <td class="number">{visit.format.number(events)}</td>
          <td class="wrap">{listed(consumers)}</td>
          <td class="wrap">{listed(jobs)}</td>
          <td class="wide">{listed(paths)}</td>
        </tr>
      ))}
    </Table>
  );
}
