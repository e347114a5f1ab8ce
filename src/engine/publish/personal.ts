import {
  type Catalog,
  type Envelope,
  type EventDefinition,
  erasedText,
  type JsonObject,
  type PersonalField,
  sealedParts,
  subjectOf,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { Clock } from "../core/clock.ts";
import {
  newPersonalSecret,
  openPersonal,
  type PersonalKeys,
  personalKeys,
  sealPersonal,
} from "../core/secrets/personal-seal.ts";
import type { Vault } from "../core/secrets/vault.ts";
import type { Database } from "../db/database.ts";
import type { RecordedEvent } from "./record.ts";

/*
 * Personal fields (`pii()`): sealed before an event is stored, so they are sealed in the record, on the stream and in the
 * archive; opened for whoever reads an event here. A person's key is a row of `subject_keys`, wrapped by the key of the
 * environment. Erasing a person deletes that row: the events stay as they are, and nobody can read these fields again.
 *
 * An isolate remembers keys for a minute at most, so an erasure holds everywhere within a minute. What is sealed by a key
 * that was only remembered is recorded while that key is there, and otherwise fails and is sealed anew: else it would be
 * destroyed as it is stored. Events without personal fields cost nothing.
 */

/** How long an isolate remembers a key, or that there is none, ms. */
const personalKeyMs = 60_000;
/** Keys that an isolate remembers. */
const keptKeys = 1_000;

/** What is read of an event to open it. */
type Read = Pick<Envelope<unknown>, "id" | "type" | "payload">;

/** What publishers and readers do with personal fields. */
export interface Personal {
  /** False: there is no key of the environment, and personal fields are stored in clear. */
  readonly seals: boolean;
  /** The same events with personal fields sealed. @throws {TransientError} Postgres is not reachable */
  seal(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]>;
  /**
   * The same events with personal fields in clear, or `[erased]`. What is not sealed stays as it is.
   *
   * @throws {VaultKeyError} they were sealed with a key of the environment that is not configured
   */
  reveal<E extends Read>(events: readonly E[]): Promise<readonly E[]>;
  /** This isolate remembers the keys no more; others do for a minute at most. */
  forget(keyIds: readonly string[]): void;
}

interface Remembered {
  readonly keyId: string;
  /** Null: erased. */
  readonly keys: PersonalKeys | null;
  readonly untilMs: number;
}

/** What an isolate remembers of keys. */
export interface KeyMemory {
  readonly byId: Map<string, Remembered>;
  readonly bySubject: Map<string, Remembered>;
}

export function createKeyMemory(): KeyMemory {
  return { byId: new Map(), bySubject: new Map() };
}

export interface PersonalDeps {
  readonly db: Database;
  readonly catalog: Catalog;
  readonly vault: Vault;
  /** False: the vault has no key. */
  readonly hasKey: boolean;
  readonly memory: KeyMemory;
  readonly now: Clock;
}

interface KeyRow {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly subject: string;
  readonly sealed_key: string;
}

/** Where the vault keeps the key of a person. */
const subjectKeyPlace = (row: string) => ({ table: "subject_keys", row, column: "sealed_key" });
/** `subject_keys.tenant_id` of those without a tenant. */
export const tenantOfSubject = (tenantId: string | null) => tenantId ?? "";

const nameOf = (tenantId: string, subject: string) => JSON.stringify([tenantId, subject]);

export function createPersonal(deps: PersonalDeps): Personal {
  return {
    seals: deps.hasKey,
    async seal(events) {
      const wanted = deps.hasKey ? events.flatMap((recorded) => toBeSealed(deps, recorded)) : [];
      if (wanted.length === 0) return events;
      const keys = await keysOfSubjects(deps, wanted);
      return Promise.all(
        events.map(async (recorded) => {
          const own = wanted.filter((item) => item.recorded === recorded);
          if (own.length === 0) return recorded;
          const payload: JsonObject = { ...recorded.event.payload };
          const rememberedKeys: string[] = [];
          for (const { field, text, tenantId, subject } of own) {
            const known = keys.get(nameOf(tenantId, subject));
            if (known?.keys == null) throw new Error("A key of a person was stored and not found.");
            if (known.isRemembered) rememberedKeys.push(known.keyId);
            const place = { keyId: known.keyId, eventId: recorded.event.id, field };
            payload[field] = await sealPersonal(known.keys, place, text);
          }
          return { ...recorded, event: { ...recorded.event, payload }, rememberedKeys };
        }),
      );
    },
    async reveal(events) {
      const sealed = events.map((event) => sealedFields(deps.catalog, event));
      if (sealed.every((fields) => fields.length === 0)) return events;
      const keys = await keysById(deps, [...new Set(sealed.flat().map(({ keyId }) => keyId))]);
      return Promise.all(
        events.map(async (event, index) => {
          const fields = sealed[index] ?? [];
          if (fields.length === 0) return event;
          const payload = { ...(event.payload as JsonObject) };
          for (const { field, keyId, sealed: text } of fields) {
            const known = keys.get(keyId) ?? null;
            const opened =
              known === null
                ? erasedText
                : await openPersonal(known, { keyId, eventId: event.id, field }, text);
            // What was changed, or copied from another event, stays what it is: a text of its sender.
            if (opened !== null) payload[field] = opened;
          }
          return { ...event, payload };
        }),
      );
    },
    forget(keyIds) {
      const gone = new Set(keyIds);
      for (const map of [deps.memory.byId, deps.memory.bySubject])
        for (const [key, { keyId }] of map) if (gone.has(keyId)) map.delete(key);
    },
  };
}

interface ToBeSealed {
  readonly recorded: RecordedEvent;
  readonly field: string;
  readonly text: string;
  readonly tenantId: string;
  readonly subject: string;
}

function fieldsOf(definition: EventDefinition | undefined): readonly PersonalField[] {
  return definition?.personal ?? [];
}

function toBeSealed({ catalog }: PersonalDeps, recorded: RecordedEvent): ToBeSealed[] {
  const { type, payload, tenant_id } = recorded.event;
  return fieldsOf(catalog.find(type)).flatMap((field) => {
    const text = payload[field.field];
    const subject = subjectOf(field, payload);
    if (typeof text !== "string" || subject === null) return [];
    return [{ recorded, field: field.field, text, tenantId: tenantOfSubject(tenant_id), subject }];
  });
}

function sealedFields(catalog: Catalog, { type, payload }: Read) {
  const fields = fieldsOf(catalog.find(type));
  if (fields.length === 0 || typeof payload !== "object" || payload === null) return [];
  return fields.flatMap(({ field }) => {
    const parts = sealedParts((payload as JsonObject)[field]);
    return parts === null ? [] : [{ field, ...parts }];
  });
}

function remember(memory: KeyMemory, name: string | null, entry: Remembered): void {
  for (const [map, key] of [
    [memory.byId, entry.keyId],
    [memory.bySubject, name],
  ] as const) {
    if (key === null) continue;
    map.delete(key);
    map.set(key, entry);
    const [oldest] = map.keys();
    if (map.size > keptKeys && oldest !== undefined) map.delete(oldest);
  }
}

async function openRow({ vault, memory, now }: PersonalDeps, row: KeyRow): Promise<Remembered> {
  const keys = await personalKeys(await vault.open(row.sealed_key, subjectKeyPlace(row.key_id)));
  const entry = { keyId: row.key_id, keys, untilMs: now() + personalKeyMs };
  remember(memory, nameOf(row.tenant_id, row.subject), entry);
  return entry;
}

/** The keys of these persons; who has none gets one. One statement for all that are not remembered. */
async function keysOfSubjects(
  deps: PersonalDeps,
  wanted: readonly ToBeSealed[],
): Promise<ReadonlyMap<string, Remembered & { readonly isRemembered: boolean }>> {
  const { db, vault, memory, now } = deps;
  const found = new Map<string, Remembered & { readonly isRemembered: boolean }>();
  const unknown = new Map<string, ToBeSealed>();
  for (const item of wanted) {
    const name = nameOf(item.tenantId, item.subject);
    const known = memory.bySubject.get(name);
    if (known !== undefined && known.untilMs > now()) found.set(name, { ...known, isRemembered: true });
    else unknown.set(name, item);
  }
  if (unknown.size === 0) return found;
  const fresh = await Promise.all(
    [...unknown.values()].map(async ({ tenantId, subject }) => {
      const id = crypto.randomUUID();
      const sealed = await vault.seal(newPersonalSecret(), subjectKeyPlace(id));
      return { i: id, t: tenantId, s: subject, k: sealed };
    }),
  );
  const rows = await db.rows<KeyRow>(sql`
    INSERT INTO subject_keys AS o (key_id, tenant_id, subject, sealed_key)
    SELECT i, t, s, k FROM json_to_recordset(${JSON.stringify(fresh)}::json) AS g(i uuid, t text, s text, k text)
    ORDER BY t, s
    ON CONFLICT (tenant_id, subject) DO UPDATE SET subject = o.subject
    RETURNING key_id::text, tenant_id, subject, sealed_key`);
  for (const row of rows) {
    found.set(nameOf(row.tenant_id, row.subject), { ...(await openRow(deps, row)), isRemembered: false });
  }
  return found;
}

/** Null: erased. One statement for all that are not remembered. */
async function keysById(
  deps: PersonalDeps,
  ids: readonly string[],
): Promise<ReadonlyMap<string, PersonalKeys | null>> {
  const { db, memory, now } = deps;
  const found = new Map<string, PersonalKeys | null>();
  const unknown = ids.filter((id) => {
    const known = memory.byId.get(id);
    if (known === undefined || known.untilMs <= now()) return true;
    found.set(id, known.keys);
    return false;
  });
  if (unknown.length === 0) return found;
  const rows = await db.rows<KeyRow>(sql`
    SELECT key_id::text, tenant_id, subject, sealed_key FROM subject_keys WHERE key_id = ANY(${sql.param(unknown)}::uuid[])`);
  for (const row of rows) found.set(row.key_id, (await openRow(deps, row)).keys);
  for (const id of unknown) {
    if (found.has(id)) continue;
    found.set(id, null);
    remember(memory, null, { keyId: id, keys: null, untilMs: now() + personalKeyMs });
  }
  return found;
}
