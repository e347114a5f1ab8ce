/**
 * What headings and labels of a module's documents are called. The charter and its guide write some in English and some
 * in German, and teams write either; umlauts may be spelled out.
 */

/** Headings of the second level, in README.md and EVENTS.md. */
export const headingWords = {
  purpose: /^(?:Purpose|Zweck)$/i,
  published: /^(?:Events Published|Ver(?:ö|oe)ffentlichte Events)$/i,
  /** EVENTS.md names the module behind it. */
  publishedBy: /^(?:Events Published|Ver(?:ö|oe)ffentlichte Events)/i,
  consumed: /^(?:Events Consumed|Konsumierte Events)$/i,
  dependencies: /^(?:Dependencies|Abh(?:ä|ae)ngigkeiten)$/i,
  operations: /^(?:Operations|Operational Notes|Betriebs-?\s?[Hh]inweise)$/i,
  migration: /^(?:Migration Notes|Migrations-?\s?[Hh]inweise)$/i,
} as const;

/** Labels: `**Owner:** Platform`. */
export const labelWords = {
  version: /^Version$/i,
  owner: /^(?:Owner|Verantwortlich|Eigent(?:ü|ue)mer)$/i,
  lastUpdated: /^(?:Last Updated|Zuletzt ge(?:ä|ae)ndert|Letzte Aktualisierung)$/i,
  eventType: /^Event-?\s?Typ(?:e)?$/i,
  when: /^(?:When|Wann)$/i,
  payload: /^(?:Payload|Nutzlast|Felder|Fields)$/i,
  consumers: /^(?:Consumers?|Konsument(?:en)?|Verbraucher)$/i,
  meta: /^Meta$/i,
  handler: /^Handler$/i,
  action: /^(?:Action|Aktion)$/i,
  idempotent: /^Idempoten(?:t|cy|z)$/i,
  criticality: /^(?:Criticality|Kritikalit(?:ä|ae)t)$/i,
  schemaVersion: /^Schema[- ]?[Vv]ersion$/i,
  migrated: /^(?:Migrated|Migriert)$/i,
  migratedFrom: /^(?:From|Von)$/i,
  migratedTo: /^(?:To|Nach|Zu)$/i,
  breakingChanges: /^(?:Breaking Changes|Inkompatible Änderungen)$/i,
} as const;
