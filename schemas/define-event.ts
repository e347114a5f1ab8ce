import type * as z from "zod";
import { tolerantSchema } from "./decoding/tolerant.ts";
import { coversAllVersions, type Upcasts } from "./decoding/upcast.ts";
import { CharterError, type CharterErrorCode, type CharterIssue, describeReceived } from "./errors.ts";
import { guardSchema } from "./guards/guard-schema.ts";
import type { JsonObject } from "./json/json.ts";
import { checkEventName } from "./naming.ts";
import { payloadFaults } from "./payloads/payload-rules.ts";
import { isSchema, schemaDef } from "./payloads/schema-walk.ts";
import { type PersonalField, personalFields } from "./personal.ts";

/** How much the loss of the event would matter, and what an operator is told first. */
export type Criticality = "INFO" | "WARNING" | "ERROR" | "CRITICAL";
export type Severity = Criticality;

export const severities = ["INFO", "WARNING", "ERROR", "CRITICAL"] as const satisfies readonly Severity[];

/** What the envelope knows that an old payload may lack. */
export interface PayloadContext {
  /** The name on the wire, before aliases were resolved. */
  readonly originalType: string;
  readonly tenantId: string | null;
  /** Time of the event, ISO UTC. */
  readonly timestamp: string;
}

/** Turns an older shape of the payload into the current one; must return a current payload unchanged. Pure. */
export type LegacyPayload = (payload: JsonObject, context: PayloadContext) => JsonObject;

export interface EventOptions<P extends z.ZodType> {
  /** Current `meta.schema_version`, an integer from 1. */
  readonly version: number;
  /** `meta.source_module` of the module that owns the event, snake_case. */
  readonly module: string;
  readonly criticality: Criticality;
  /** Severity of the envelope when the publisher gives none. Default: none. */
  readonly severity?: Severity;
  /** When the event is published, as one sentence for the documentation. */
  readonly when: string;
  /** Events with the same key are handled in order. Default: no key, so no order. */
  readonly key?: (payload: z.output<P>) => string | null;
  /** A strict object: what is written. */
  readonly payload: P;
  /** Subscribers that handle it, for the documentation; `npm run check` refuses one that does not. */
  readonly consumers?: readonly string[];
  /** Programs and purposes outside of this product that it is meant for, for the documentation. */
  readonly outside?: readonly string[];
  /**
   * `meta.producer` of what the owning module publishes, for the documentation. Default: the name of the module. Empty: the
   * product never publishes it, programs outside do.
   */
  readonly producers?: readonly string[];
  /** One step for each older version. */
  readonly upcasts?: Upcasts;
  /** For shapes of the same version that older producers wrote. */
  readonly legacy?: LegacyPayload;
  /**
   * Nullable fields that are null only because an older producer left them out: a missing one is null on read, and a
   * publisher that leaves one null is refused.
   */
  readonly nullOnlyInHistory?: readonly (keyof z.output<P> & string)[];
  /** Keys ending in `hash` that are hashes of public content. */
  readonly contentHashes?: readonly string[];
}

/** One catalogued event: types the publisher and the handler, and carries what the documentation says. */
export interface EventDefinition<T extends string = string, P extends z.ZodType = z.ZodType> {
  readonly type: T;
  readonly version: number;
  readonly module: string;
  readonly criticality: Criticality;
  /** Null: events of this type have no severity unless the publisher gives one. */
  readonly severity: Severity | null;
  readonly when: string;
  readonly payload: P;
  /** The same payload as readers accept it: tolerant to unknown keys, older ids and times. */
  readonly reader: z.ZodType;
  /** Ordering key of a payload, also of a raw one; null when there is none. Never throws. */
  keyOf(payload: unknown): string | null;
  readonly consumers: readonly string[];
  readonly outside: readonly string[];
  readonly producers: readonly string[];
  readonly upcasts: Upcasts;
  readonly legacy: LegacyPayload | null;
  readonly nullOnlyInHistory: readonly string[];
  /** Every key that the schema names, at any depth. */
  readonly knownKeys: ReadonlySet<string>;
  /** Fields that were marked with `pii()`. */
  readonly personal: readonly PersonalField[];
}

/** What a handler receives. */
export type PayloadOf<D extends EventDefinition> = z.output<D["payload"]>;
/** What a publisher gives. */
export type PayloadInputOf<D extends EventDefinition> = z.input<D["payload"]>;

/**
 * @returns every key that the payload names, at any depth
 * @throws as {@link defineEvent}
 */
function checkOptions<P extends z.ZodType>(type: string, options: EventOptions<P>): ReadonlySet<string> {
  const naming: CharterIssue[] = checkEventName(type).map(({ message }) => ({ path: "type", message }));
  if (!/^[a-z][a-z0-9_]*$/.test(options.module)) {
    naming.push({
      path: "module",
      message: `expected a snake_case module name, received "${options.module}"`,
    });
  }
  if (naming.length > 0)
    throw new CharterError("invalid_name", `The event "${type}" cannot be defined.`, naming);
  const issues: CharterIssue[] = [];
  if (!Number.isInteger(options.version) || options.version < 1) {
    issues.push({
      path: "version",
      message: "expected an integer from 1",
      received: String(options.version),
    });
  } else if (!coversAllVersions(options.upcasts ?? {}, options.version)) {
    issues.push({
      path: "upcasts",
      message: `expected one step for each version before ${options.version}, so that stored events stay readable`,
    });
  }
  const payload: unknown = options.payload;
  if (!isSchema(payload) || schemaDef(payload).type !== "object") {
    const received = isSchema(payload)
      ? `z.${schemaDef(payload).type}`
      : `${describeReceived(payload)}, which is no schema of zod 4`;
    issues.push({ path: "payload", message: "expected a z.strictObject({ … })", received });
    throw refused(type, "invalid_payload", issues);
  }
  issues.push(...payloadFaults(payload));
  issues.push(...personalFields(payload).faults);
  const { forbidden, known } = guardSchema(payload, options.contentHashes);
  if (forbidden.length > 0) throw refused(type, "forbidden_content", [...forbidden, ...issues]);
  if (issues.length > 0) throw refused(type, "invalid_payload", issues);
  return known;
}

function refused(type: string, code: CharterErrorCode, issues: readonly CharterIssue[]): CharterError {
  return new CharterError(code, `The event "${type}" cannot be defined.`, issues);
}

/**
 * Set by a build that has checked all definitions, so that a program need not check them again when it starts: it does so
 * when an event of the type is first published. Undefined everywhere else.
 */
declare const BRAIN_EVENTS_CHECKED: true | undefined;

/**
 * Defines an event. Faults of its schema are found here; what readers need of it is worked out when it is first read.
 *
 * @throws {CharterError} each names the place, and what to write instead
 *   - `invalid_name`: the name breaks the naming rules, and is not one of the frozen ones
 *   - `forbidden_content`: a payload key names personal data, a secret or a provider's id
 *   - `invalid_payload`: the version cannot be kept, or the schema is not strict or has no bound somewhere
 */
export function defineEvent<const T extends string, P extends z.ZodType>(
  type: T,
  options: EventOptions<P>,
): EventDefinition<T, P> {
  const { key, payload } = options;
  let known: ReadonlySet<string> | null = null;
  const check = () => {
    known ??= checkOptions(type, options);
    return known;
  };
  if (typeof BRAIN_EVENTS_CHECKED === "undefined") check();
  let reader: z.ZodType | null = null;
  let personal: readonly PersonalField[] | null = null;
  return Object.freeze({
    type,
    version: options.version,
    module: options.module,
    criticality: options.criticality,
    severity: options.severity ?? null,
    when: options.when,
    payload,
    // A program that starts reads few types at first; building all of them would make its first request wait.
    get reader() {
      reader ??= tolerantSchema(payload);
      return reader;
    },
    keyOf: key === undefined ? () => null : (raw: unknown) => safeKey(key, raw),
    consumers: options.consumers ?? [],
    outside: options.outside ?? [],
    producers: options.producers ?? [options.module],
    upcasts: options.upcasts ?? {},
    legacy: options.legacy ?? null,
    nullOnlyInHistory: options.nullOnlyInHistory ?? [],
    get knownKeys() {
      return check();
    },
    get personal() {
      personal ??= personalFields(payload).fields;
      return personal;
    },
  });
}

function safeKey<Payload>(key: (payload: Payload) => string | null, payload: unknown): string | null {
  try {
    // A raw payload may lack the field or have another type; both mean "no key".
    const value: unknown = key(payload as Payload);
    return typeof value === "string" && value !== "" ? value : null;
  } catch {
    return null;
  }
}
