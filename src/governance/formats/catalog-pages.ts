import type { Channel, Domain, Event, Service } from "@eventcatalog/sdk";
import type { CatalogueEvent, Facts, VersionSchemas } from "./facts.ts";

/** The pages of an EventCatalog: a domain for each first word of names, a service for each module, the events, the channels. */

export interface ServicePage {
  readonly page: Service;
  /** Null: it belongs to none. */
  readonly domain: string | null;
}

export interface EventPage {
  readonly page: Event;
  readonly service: string;
  readonly isCurrent: boolean;
  readonly schemas: VersionSchemas;
}

export interface CatalogPages {
  readonly domains: readonly Domain[];
  readonly services: readonly ServicePage[];
  readonly events: readonly EventPage[];
  readonly channels: readonly Channel[];
}

/** Of an event, as EventCatalog compares versions. */
const eventVersion = (version: number): string => `${version}.0.0`;

const stream = "stream";

/** In MDX a brace begins an expression and a `<` an element. */
const plain = (text: string): string => text.replaceAll(/[{}<>]/g, (character) => `\\${character}`);

function eventText(event: CatalogueEvent): string {
  const order =
    event.key === null
      ? "Events of this type have no order."
      : `Events with the same \`${event.key}\` are handled in order.`;
  const personal = event.personal_fields.map(({ field, subject }) => `\`${field}\` (whose: \`${subject}\`)`);
  return [
    `${plain(event.when)}.`,
    order,
    event.outside.length === 0 ? "" : `Meant for ${plain(event.outside.join(", "))}.`,
    personal.length === 0 ? "" : `About a person: ${personal.join(", ")}.`,
    "<NodeGraph />",
    '<SchemaViewer file="schema.json" title="Schema for readers" maxHeight="500" />',
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const colours: Readonly<Record<string, string>> = { CRITICAL: "red", ERROR: "orange", WARNING: "yellow" };

function eventPage(event: CatalogueEvent, schemas: VersionSchemas, channelVersion: string): EventPage {
  const colour = colours[event.criticality] ?? "blue";
  return {
    service: event.module,
    isCurrent: schemas.isCurrent,
    schemas,
    page: {
      id: event.type,
      name: event.type,
      version: eventVersion(schemas.version),
      summary: event.when,
      badges: [{ content: event.criticality, backgroundColor: colour, textColor: colour }],
      schemaPath: "schema.json",
      channels: [{ id: stream, version: channelVersion }],
      ...(schemas.isCurrent
        ? {}
        : { deprecated: { message: "It is not published any more, and stays readable." } }),
      markdown: eventText(event),
    },
  };
}

/** Ids are unique over all kinds of pages, and modules are called like domains. */
const domainEnd = /-domain$/;

/** The domain of the first word that most of these names share; null without a name. */
function commonDomain(types: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const type of types) {
    const [domain = type] = type.split(".");
    counts.set(domain, (counts.get(domain) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(
    ([one, left], [other, right]) => right - left || (one < other ? -1 : 1),
  );
  return most === undefined ? null : `${most[0]}-domain`;
}

/** Module → types that its consumers are given. A consumer that no module is known of stands for itself. */
function receivedBy({ catalogue }: Facts): ReadonlyMap<string, readonly string[]> {
  const moduleOf = new Map(catalogue.subscribers.map(({ subscriber, module }) => [subscriber, module]));
  const received = new Map<string, Set<string>>();
  const receive = (subscriber: string, type: string) => {
    const module = moduleOf.get(subscriber) ?? subscriber;
    received.set(module, (received.get(module) ?? new Set()).add(type));
  };
  for (const { type, consumers } of catalogue.events) {
    for (const { subscriber, handles } of consumers) if (handles) receive(subscriber, type);
    for (const subscriber of catalogue.catch_all) receive(subscriber, type);
  }
  return new Map([...received].map(([module, types]) => [module, [...types]]));
}

function servicePage(
  module: string,
  own: readonly CatalogueEvent[],
  received: readonly string[],
  { events, version }: { readonly events: readonly CatalogueEvent[]; readonly version: string },
): ServicePage {
  const channel = [{ id: stream, version }];
  const isOutside = own.length > 0 && own.every(({ producers }) => producers.length === 0);
  const sent = own.filter(({ producers }) => isOutside || producers.length > 0);
  const given = events.filter(({ type }) => received.includes(type));
  const catchesAll = given.length === events.length;
  return {
    domain: commonDomain(own.length > 0 ? own.map(({ type }) => type) : catchesAll ? [] : received),
    page: {
      id: module,
      name: module,
      version,
      summary: isOutside
        ? `Programs outside publish the events of ${module}`
        : `The module ${module}: ${sent.length} events published, ${given.length} handled`,
      ...(isOutside ? { externalSystem: true } : {}),
      sends: sent.map((event) => ({ id: event.type, version: eventVersion(event.version), to: channel })),
      receives: given.map((event) => ({
        id: event.type,
        version: eventVersion(event.version),
        from: channel,
      })),
      markdown: "<NodeGraph />",
    },
  };
}

interface DocumentChannel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly servers: readonly { readonly $ref: string }[];
  readonly parameters?: Channel["parameters"];
}

function channelPages({ asyncApi }: Facts, version: string): readonly Channel[] {
  const servers = asyncApi.servers as Readonly<Record<string, { readonly protocol: string }>>;
  const channels = asyncApi.channels as unknown as Readonly<Record<string, DocumentChannel>>;
  return Object.entries(channels).map(([id, { address, title, description, servers: at, parameters }]) => ({
    id,
    name: title,
    version,
    summary: description,
    address,
    protocols: at.map(({ $ref }) => servers[$ref.replace("#/servers/", "")]?.protocol ?? "unknown"),
    ...(parameters === undefined ? {} : { parameters }),
    markdown: "<ChannelInformation />",
  }));
}

export function catalogPages(facts: Facts): CatalogPages {
  const { events } = facts.catalogue;
  const { version } = facts.asyncApi.info as { readonly version: string };
  const received = receivedBy(facts);
  const modules = new Set([...events.map(({ module }) => module), ...received.keys()]);
  const services = [...modules].map((module) => {
    const own = events.filter((event) => event.module === module);
    return servicePage(module, own, received.get(module) ?? [], { events, version });
  });
  const domains = [...new Set(services.flatMap(({ domain }) => domain ?? []))];
  return {
    services,
    channels: channelPages(facts, version),
    events: facts.schemas.flatMap((schemas) => {
      const event = events.find(({ type }) => type === schemas.type);
      return event === undefined ? [] : [eventPage(event, schemas, version)];
    }),
    domains: domains.map((id) => ({
      id,
      name: id.replace(domainEnd, ""),
      version,
      summary: `Modules whose events begin with ${id.replace(domainEnd, "")}`,
      services: services.filter(({ domain }) => domain === id).map(({ page }) => ({ id: page.id, version })),
      markdown: "<NodeGraph />",
    })),
  };
}
