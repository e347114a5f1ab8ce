import type { Severity } from "../finding.ts";

/** Every change of an event that `charter breaking` tells, each with an id of its own. The table of the README is made of this. */

/**
 * Whom a change hurts. `stored`: events that are stored already, and today's readers who replay them. `readers`:
 * those who read with the old definition: a worker of the last release while the new one goes out or comes back, a
 * Python program, whoever copied the schema. `producers`: who publishes with the definition of before, and is refused.
 * `meaning`: everybody can read it, and something else holds than before.
 */
export type Hurt = "stored" | "readers" | "producers" | "meaning";

interface Rule {
  readonly severity: Severity;
  /** With a higher version, whose steps read what was stored; null: then nothing is wrong. */
  readonly raised: Severity | null;
  readonly hurts: readonly Hurt[];
  /** One sentence: which change. */
  readonly what: string;
  /** One sentence: why that breaks somebody. */
  readonly why: string;
  /** How to mend it. */
  readonly mend: string;
}

const raise = "Raise the version and give the step from the one before, as proposed";
/** What is left to be done where stored events can be read, and readers of before cannot read new ones. */
export const back =
  "Let consumers of the new release go out before its producers, and mind that going back leaves dead letters";

export const rules = {
  FIELD_REMOVED: {
    severity: "error",
    raised: "warning",
    hurts: ["readers", "producers"],
    what: "A field is gone.",
    why: "Readers of before refuse an event without a field that they require, and miss one that they use; who publishes it is refused.",
    mend: "Keep the field, or make it optional for one release and take it away in the next. Otherwise raise the version",
  },
  OPTIONAL_FIELD_REMOVED: {
    severity: "warning",
    raised: "info",
    hurts: ["readers", "producers"],
    what: "A field that could be left out is gone.",
    why: "Everybody can read what is published; who uses the field gets it no more, and who publishes it is refused.",
    mend: "Look at who reads it, named above, and at who publishes it",
  },
  FIELD_RENAMED: {
    severity: "error",
    raised: "warning",
    hurts: ["stored", "readers"],
    what: "A field is gone, and another of the same shape is there: it seems to have another name.",
    why: "Stored events have the old name, and readers of before know no other.",
    mend: raise,
  },
  NEW_REQUIRED_FIELD: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "A new field is required.",
    why: "No stored event has it, so none can be read any more.",
    mend: "Make it optional, or raise the version and say in the step what older events mean",
  },
  FIELD_NOW_REQUIRED: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "A field that could be left out is required.",
    why: "Stored events that leave it out cannot be read any more.",
    mend: "Leave it optional, or raise the version and say in the step what a missing one means",
  },
  FIELD_NOW_OPTIONAL: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "A field that was required may be left out.",
    why: "Readers of before refuse an event without it.",
    mend: back,
  },
  FIELD_TYPE_CHANGED: {
    severity: "error",
    raised: "warning",
    hurts: ["stored", "readers"],
    what: "A field holds something else.",
    why: "Neither can stored events be read, nor can readers of before read new ones.",
    mend: `${raise}; or add a field with another name`,
  },
  FIELD_TYPE_NARROWED: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "A field lets less through: an integer in place of a number, one type of several, a format or an enumeration.",
    why: "Stored events may hold what is refused now.",
    mend: raise,
  },
  FIELD_TYPE_WIDENED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "A field lets more through: a number in place of an integer, a further type, any text in place of some.",
    why: "Readers of before refuse what they do not know.",
    mend: back,
  },
  FORMAT_CHANGED: {
    severity: "error",
    raised: "warning",
    hurts: ["stored", "readers"],
    what: "A text has another format.",
    why: "Texts of the one are none of the other.",
    mend: raise,
  },
  FORMAT_NARROWED: {
    severity: "error",
    raised: "warning",
    hurts: ["stored", "producers"],
    what: "A text of the same format lets less through: a time without an offset or with a set precision, an address of some hosts.",
    why: "Who publishes what was right before is refused. Stored times are read here in any form; who reads with the schema alone refuses them.",
    mend: "Keep what the format allowed, or tell all who publish the event before it goes out",
  },
  FORMAT_WIDENED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "A text of the same format lets more through: a time with an offset or any precision, an address of any host.",
    why: "Readers of before may refuse it.",
    mend: back,
  },
  PATTERN_CHANGED: {
    severity: "error",
    raised: "warning",
    hurts: ["stored", "readers"],
    what: "A text has another pattern, which refuses what the one before let through, or may do so.",
    why: "Stored texts may not match it, and new ones may not match the pattern of before.",
    mend: `${raise}; or, if you know that all that is stored matches, accept it with that as the reason`,
  },
  PATTERN_WIDENED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "The pattern of a text lets more through, or is gone.",
    why: "Readers of before refuse texts that do not match theirs.",
    mend: back,
  },
  ENUM_VALUE_REMOVED: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "An enumeration has lost a value.",
    why: "Stored events with that value cannot be read any more.",
    mend: "Keep the value and no longer publish it, or raise the version and map it in the step",
  },
  ENUM_VALUE_ADDED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "An enumeration has a new value.",
    why: "Readers of before refuse an event with it.",
    mend: back,
  },
  BOUND_NARROWED: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "A bound lets less through: of a number, a length, a list, the members of a record.",
    why: "Stored events may hold what is refused now.",
    mend: `Keep the bound, and hold publishers to the narrower one in their code; or ${raise.toLowerCase()}`,
  },
  BOUND_WIDENED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "A bound lets more through.",
    why: "Readers of before refuse what is beyond theirs.",
    mend: back,
  },
  NULLABILITY_NARROWED: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "A field may no longer be null.",
    why: "Stored events with null cannot be read any more.",
    mend: "Keep it nullable, or raise the version and say in the step what null meant",
  },
  NULLABILITY_WIDENED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "A field may be null now.",
    why: "Readers of before refuse null.",
    mend: back,
  },
  UNION_BRANCH_REMOVED: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "One of several shapes is gone.",
    why: "Stored events of that shape cannot be read any more.",
    mend: raise,
  },
  UNION_BRANCH_ADDED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "There is one shape more.",
    why: "Readers of before know none of that kind.",
    mend: back,
  },
  REFINEMENT_ADDED: {
    severity: "error",
    raised: null,
    hurts: ["stored"],
    what: "A condition is new, or says something else.",
    why: "Stored events may not fulfil it, and one payload that does says nothing of others.",
    mend: "Hold publishers to it in their code, or raise the version and give a step that makes older events fulfil it; or, if you know that all that is stored fulfils it, or only its message is new, accept it with that as the reason",
  },
  REFINEMENT_REMOVED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "A condition is gone.",
    why: "Readers of before refuse events that do not fulfil it.",
    mend: back,
  },
  NORMALIZATION_CHANGED: {
    severity: "error",
    raised: "warning",
    hurts: ["meaning"],
    what: "A value is changed into another one than before when it is published and read (`trim`, `toLowerCase`, `overwrite`).",
    why: "Stored values are read as others than they were: ids and keys that go by them are not found, and events of one subject get another ordering key.",
    mend: "Change the value in the publisher's code, before it is published, and leave the definition as it is",
  },
  DEFAULT_CHANGED: {
    severity: "warning",
    raised: "warning",
    hurts: ["meaning"],
    what: "Something else, or nothing, stands for a field that is left out.",
    why: "Producers that leave it out, and stored events from before there was one, say something else than they did.",
    mend: "Keep it, and let producers that mean something else say so",
  },
  MEANING_CHANGED: {
    severity: "info",
    raised: "info",
    hurts: ["meaning"],
    what: "The description of a field says something else.",
    why: "When the meaning changes, stored events say what they never meant: no reader can tell.",
    mend: "When only the words are others, nothing is to be done. Otherwise add a field with another name",
  },
  KEY_CHANGED: {
    severity: "error",
    raised: "error",
    hurts: ["meaning"],
    what: "Another ordering key: of other fields, of a field with another shape, or with another value for the same event.",
    why: "Events of one subject that are on their way lie in one shard, the next ones in another: they overtake each other.",
    mend: "Keep the key. If it must change, stop the producers until everything of this type is handled, then deploy",
  },
  EVENT_REMOVED: {
    severity: "error",
    raised: "error",
    hurts: ["stored", "readers"],
    what: "An event is gone from the catalogue.",
    why: "Stored events of its type are no longer known: replays pass them by and consumers get nothing.",
    mend: "Leave the definition, and stop publishing. With no consumer and no stored event left it may go",
  },
  EVENT_RENAMED: {
    severity: "error",
    raised: "error",
    hurts: ["stored", "readers"],
    what: "An event is gone, and another of the same shape is there: it seems to have another name.",
    why: "Stored events have the old name.",
    mend: 'Add the old name to the older names that are read: `createCatalog(events, { readAliases: new Map([["old", "new"]]) })`',
  },
  EVENT_RENAMED_WITH_ALIAS: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "An event has another name, and the old one is read as an older name.",
    why: "Stored events stay readable; readers of before do not know the new name, and pass it by.",
    mend: back,
  },
  ALIAS_REMOVED: {
    severity: "error",
    raised: "error",
    hurts: ["stored"],
    what: "An older name is no longer read, or as another event.",
    why: "Stored events under that name are no longer known, or taken for what they are not.",
    mend: "Put it back",
  },
  VERSION_LOWERED: {
    severity: "error",
    raised: "error",
    hurts: ["stored", "readers"],
    what: "The version is lower than before.",
    why: "Stored events of the higher version count as newer than the program, and their step is gone.",
    mend: "Raise it above the one of before",
  },
  VERSION_WITHOUT_UPCASTER: {
    severity: "error",
    raised: "error",
    hurts: ["stored"],
    what: "An older version has no step to the next one.",
    why: "Its events are read as if they were of the newest version.",
    mend: "Give the step, as proposed",
  },
  UPCASTER_INCOMPLETE: {
    severity: "error",
    raised: "error",
    hurts: ["stored"],
    what: "An older payload does not become one that the current version accepts; found by running the steps.",
    why: "Stored events of that kind cannot be read any more.",
    mend: "Mend the step: what it makes of such a payload is told above",
  },
  OLD_PAYLOAD_UNREADABLE: {
    severity: "error",
    raised: "error",
    hurts: ["stored"],
    what: "A payload that was released is not read any more; found by reading it.",
    why: "Events like it are stored.",
    mend: "Raise the version and give a step, or take the change back",
  },
  SHAPE_CHANGED_WITHOUT_VERSION: {
    severity: "error",
    raised: null,
    hurts: ["readers"],
    what: "Two shapes have the same version; the code reads both, since `legacy` or the step tells them apart.",
    why: "Readers elsewhere see one version and two shapes.",
    mend: "Raise the version, so that the number says which shape it is",
  },
  GOLDEN_PAYLOAD_REMOVED: {
    severity: "error",
    raised: "error",
    hurts: ["stored"],
    what: "A released golden payload is gone.",
    why: "It was the proof that events of that version stay readable.",
    mend: "Put it back, to the letter",
  },
  GOLDEN_PAYLOAD_CHANGED: {
    severity: "error",
    raised: "error",
    hurts: ["stored"],
    what: "A released golden payload says something else.",
    why: "What was released can change no more; a proof that is fitted to the code proves nothing.",
    mend: "Put it back, to the letter. A new version gets a golden payload of its own",
  },
  LEGACY_READING_REMOVED: {
    severity: "error",
    raised: "error",
    hurts: ["stored"],
    what: "What brought older payloads of the same version to the current shape is gone (`legacy`, `nullOnlyInHistory`).",
    why: "Stored events of older producers cannot be read any more.",
    mend: "Put it back",
  },
  MODULE_MOVED: {
    severity: "warning",
    raised: "warning",
    hurts: ["meaning"],
    what: "An event belongs to another module.",
    why: "`meta.source_module` of new events differs from that of stored ones; searches and permissions go by it.",
    mend: "Leave it with its module, or accept it with a reason",
  },
  PERSONAL_MARK_REMOVED: {
    severity: "error",
    raised: "error",
    hurts: ["stored", "meaning"],
    what: "A field is no longer marked as personal.",
    why: "Stored texts are sealed and are not opened any more, and new ones can never be erased.",
    mend: "Keep the mark",
  },
  PERSONAL_MARK_ADDED: {
    severity: "warning",
    raised: "warning",
    hurts: ["readers"],
    what: "A field is personal now.",
    why: "Readers elsewhere get a sealed text, and stored ones stay in the clear.",
    mend: "Tell who reads it elsewhere, and erase by hand what is stored already",
  },
  PERSONAL_SUBJECT_CHANGED: {
    severity: "error",
    raised: "error",
    hurts: ["meaning"],
    what: "A personal field names another field for whose it is.",
    why: "Erasing a person leaves what was sealed under the one of before.",
    mend: "Keep the subject, or add a field with another name",
  },
  CRITICALITY_LOWERED: {
    severity: "warning",
    raised: "warning",
    hurts: ["meaning"],
    what: "The loss of an event is said to matter less.",
    why: "Operators are told later, or not at all.",
    mend: "When it is meant, nothing is to be done",
  },
  SEVERITY_CHANGED: {
    severity: "warning",
    raised: "warning",
    hurts: ["meaning"],
    what: "Events have another severity when their publisher gives none.",
    why: "Rules of alerts and filters go by it.",
    mend: "When it is meant, nothing is to be done",
  },
  PRODUCER_REMOVED: {
    severity: "warning",
    raised: "warning",
    hurts: ["meaning"],
    what: "A producer is no longer named.",
    why: "Who filters by `meta.producer` gets nothing any more.",
    mend: "When it is meant, nothing is to be done",
  },
  CONSUMER_REMOVED: {
    severity: "warning",
    raised: "warning",
    hurts: ["meaning"],
    what: "A consumer is no longer named, here or outside.",
    why: "What it did with the event is done by nobody now.",
    mend: "When it is meant, nothing is to be done",
  },
  CONSUMER_RENAMED: {
    severity: "warning",
    raised: "warning",
    hurts: ["meaning"],
    what: "A consumer is gone, and one that is new reads the event: it seems to have another name.",
    why: "Under another name it is another consumer: it begins anew, and what was handled has its effects twice.",
    mend: "If it is the same one, give it `formerly` with the name of before and call `rename_subscriber` in a migration",
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof rules;

export function ruleOf(id: RuleId): Rule {
  return rules[id];
}
