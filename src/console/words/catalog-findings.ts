import type { FindingKind, FindingLevel } from "../../http/kit/product-answers.ts";
import { defineWords } from "../words.ts";

type Kinds = Readonly<Record<FindingKind, string>>;
type Levels = Readonly<Record<FindingLevel, (count: string) => string>>;

const en: Kinds = {
  unlisted_type: "was seen and is in no catalog",
  missing_consumer: "is named in the catalog and does not exist",
  letters_of_missing_consumer: "left open dead letters and does not exist",
  idle_consumer: "is named in the catalog and does not handle it",
  unknown_field: "is in payloads and not in the schema",
  newer_version: "is a version that the catalog does not know",
  unhandled: "nobody handles it",
  undeclared_consumer: "handles it and is not named in the catalog",
  undeclared_producer: "published it and is not named in the catalog",
  older_version: "is an older version that comes",
  never_filled: "never had a value",
  large_payload: "has payloads above 8 KiB",
  silent_producer: "is named as producer and published none, others did",
  above_guideline: "has payloads above the guideline of 1 KiB",
  not_lately: "is not among the newest",
  never_published: "was never published",
  never_received: "never came from a program outside",
  older_name: "is read by its newer name",
  foreign_type: "is of a program outside",
};

const de: Kinds = {
  unlisted_type: "wurde gesehen und steht in keinem Katalog",
  missing_consumer: "ist im Katalog genannt, und es gibt ihn nicht",
  letters_of_missing_consumer: "hat offene Dead Letters hinterlassen, und es gibt ihn nicht",
  idle_consumer: "ist im Katalog genannt und behandelt es nicht",
  unknown_field: "steht in Inhalten und nicht im Schema",
  newer_version: "ist eine Version, die der Katalog nicht kennt",
  unhandled: "niemand behandelt es",
  undeclared_consumer: "behandelt es und ist im Katalog nicht genannt",
  undeclared_producer: "hat es veröffentlicht und ist im Katalog nicht genannt",
  older_version: "ist eine ältere Version, die vorkommt",
  never_filled: "hatte nie einen Wert",
  large_payload: "hat Inhalte über 8 KiB",
  silent_producer: "ist als Erzeuger genannt und hat keines veröffentlicht, andere schon",
  above_guideline: "hat Inhalte über der Richtgröße von 1 KiB",
  not_lately: "ist nicht unter den neuesten",
  never_published: "wurde nie veröffentlicht",
  never_received: "kam nie von einem fremden Programm",
  older_name: "wird unter dem neueren Namen gelesen",
  foreign_type: "gehört einem fremden Programm",
};

const enLevels: Levels = {
  error: (count) => `Contradictions: ${count}`,
  warning: (count) => `Probably not meant: ${count}`,
  note: (count) => `Good to know: ${count}`,
};

const deLevels: Levels = {
  error: (count) => `Widersprüche: ${count}`,
  warning: (count) => `Wohl nicht so gemeint: ${count}`,
  note: (count) => `Gut zu wissen: ${count}`,
};

export const findingWords = defineWords({
  en: {
    kind: (kind: string) => en[kind as FindingKind] ?? kind,
    level: (level: string, count: string) => enLevels[level as FindingLevel](count),
    ofLooked: (count: string, of: string) => `${count} of ${of} events`,
    bytes: (count: string, of: string) => `${count} bytes, of ${of} events`,
    more: (count: string) => `and ${count} more`,
    filled: "Filled",
    neverFilled: "never",
    payloads: "Sizes of payloads",
    looked: "Looked at",
    median: "Half up to",
    most: "95\u00a0% up to",
    largest: "Largest",
    bytesOf: (count: string) => `${count} B`,
    perHour: "Each hour",
    first: "First seen",
  },
  de: {
    kind: (kind: string) => de[kind as FindingKind] ?? kind,
    level: (level: string, count: string) => deLevels[level as FindingLevel](count),
    ofLooked: (count: string, of: string) => `${count} von ${of} Ereignissen`,
    bytes: (count: string, of: string) => `${count} Bytes, von ${of} Ereignissen`,
    more: (count: string) => `und ${count} weitere`,
    filled: "Gefüllt",
    neverFilled: "nie",
    payloads: "Größe der Inhalte",
    looked: "Angesehen",
    median: "Hälfte bis",
    most: "95\u00a0% bis",
    largest: "Größter",
    bytesOf: (count: string) => `${count} B`,
    perHour: "In der Stunde",
    first: "Zuerst gesehen",
  },
});
