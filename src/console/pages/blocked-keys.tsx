import type { BlockedKeys } from "../../http/kit/answers/consumers.ts";
import type { Act, PageModule, Visit } from "../page.ts";
import { ActionForm, ReasonField } from "../parts/form.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { consumerWords } from "../words/consumers.ts";

const nameOf = (visit: Visit) => encodeURIComponent(visit.param("subscriber"));
const routeOf = (visit: Visit) => `/api/consumers/${nameOf(visit)}/blocked-keys`;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(consumerWords);
    const found = await visit.api.get<BlockedKeys>(routeOf(visit), {
      cursor: visit.query("cursor"),
      limit: 50,
    });
    return {
      title: w.blocked,
      trail: [
        { href: visit.href("/consumers"), text: w.title },
        { href: visit.href(`/consumers/${nameOf(visit)}`), text: visit.param("subscriber") },
      ],
      main: (
        <>
          <h1>{w.blocked}</h1>
          <p class="quiet">{w.blockedLead}</p>
          {(found.unseen ?? 0) > 0 ? <p>{w.blockedUnseen}</p> : null}
          {found.blocked_keys.length === 0 ? (
            <Empty>{w.blockedNone}</Empty>
          ) : (
            <Keys visit={visit} keys={found.blocked_keys} />
          )}
          <Pager visit={visit} next={found.next_cursor} />
        </>
      ),
    };
  },
  actions: { unblock: change("unblock"), skip: change("skip") },
};

function change(what: "unblock" | "skip"): Act {
  return async (visit, form) => {
    const w = visit.words(consumerWords);
    const { requestId } = await visit.api.change(`${routeOf(visit)}/${what}`, {
      body: { key: form.text("key"), reason: form.text("reason") },
      idempotencyKey: form.idempotencyKey,
    });
    return {
      goTo: visit.href(`/consumers/${nameOf(visit)}/blocked-keys`),
      told: what === "unblock" ? w.doneUnblocked : w.doneSkipped,
      requestId,
    };
  };
}

interface KeysProps {
  readonly visit: Visit;
  readonly keys: BlockedKeys["blocked_keys"];
}

function Keys({ visit, keys }: KeysProps) {
  const w = visit.words(consumerWords);
  return (
    <Table
      label={w.blocked}
      columns={[
        { name: w.key },
        { name: w.waitsFor },
        { name: w.attempts, kind: "number" },
        { name: w.nextTry },
        { name: w.waiting, kind: "number" },
        { name: w.error, kind: "wide" },
      ]}
    >
      {keys.map((one) => (
        <tr>
          <th scope="row">
            <code>{one.key}</code>
          </th>
          <td>
            {one.event_id === null ? (
              (one.event_type ?? "–")
            ) : (
              <a href={visit.href(`/events/${one.event_id}`)}>{one.event_type ?? one.event_id}</a>
            )}
          </td>
          <td class="number">{visit.format.number(one.attempts)}</td>
          <td>
            <Time visit={visit} at={one.next_try_at} />
          </td>
          <td class="number">{visit.format.number(one.waiting)}</td>
          <td class="wide">
            {one.error === null ? null : <p>{one.error}</p>}
            {visit.can("operate") ? <Changes visit={visit} of={one.key} /> : null}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Changes({ visit: shown, of: key }: { readonly visit: Visit; readonly of: string }) {
  const w = shown.words(consumerWords);
  // Each key has the same forms: what was refused for one is told and kept there alone.
  const refused = shown.refused?.form.text("key") === key ? shown.refused : null;
  const visit = { ...shown, refused };
  return (
    <>
      <details open={refused?.action === "unblock"}>
        <summary>{w.unblock}</summary>
        <ActionForm visit={visit} action="unblock" button={w.unblock} tone="plain" hidden={{ key }}>
          <p class="quiet">{w.unblockWhy}</p>
          <ReasonField visit={visit} action="unblock" />
        </ActionForm>
      </details>
      <details open={refused?.action === "skip"}>
        <summary>{w.skip}</summary>
        <ActionForm visit={visit} action="skip" button={w.skip} tone="danger" hidden={{ key }}>
          <p class="quiet">{w.skipWhy}</p>
          <ReasonField visit={visit} action="skip" />
        </ActionForm>
      </details>
    </>
  );
}
