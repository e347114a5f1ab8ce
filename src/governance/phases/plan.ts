/** Phase 0: the events that a module should publish, worked out from what its code does. */

import { forbiddenKeyReason } from "@brain/schemas";
import type { Project } from "../project.ts";
import { type ModuleFacts, type Work, whereOf } from "./facts/module-facts.ts";
import { pastOf, singular, wordsOf } from "./facts/past-tense.ts";
import { counted, listed } from "./line.ts";

export interface PlannedField {
  readonly name: string;
  /** `text`, `ISO-8601 time`. */
  readonly type: string;
  readonly meaning: string;
}

export interface PlannedEvent {
  /** By the charter: `<module>.<resource>.<action>`. */
  readonly type: string;
  readonly when: string;
  readonly payload: readonly PlannedField[];
  /** Modules that call this one today, or read its state. */
  readonly consumers: readonly string[];
  /** The functions whose change it tells of. */
  readonly from: readonly Work[];
}

export interface Plan {
  readonly events: readonly PlannedEvent[];
  /** Functions that change state, in the order of the files. */
  readonly changing: readonly Work[];
  readonly external: readonly Work[];
  readonly routes: readonly Work[];
}

/** Pure. */
export function planOf(facts: ModuleFacts): Plan {
  const { work } = facts;
  const deciding = decidingOf(work);
  const proposals = deciding.flatMap((found) => proposalsOf(facts, found));
  const types = [...new Set(proposals.map(({ type }) => type))];
  return {
    events: types.map((type) => mergedOf(proposals.filter((proposal) => proposal.type === type))),
    changing: work.filter(({ changes }) => changes.length > 0),
    external: work.filter(({ external }) => external.length > 0),
    routes: work.filter(({ route }) => route !== null),
  };
}

function mergedOf(same: readonly PlannedEvent[]): PlannedEvent {
  const [first] = same;
  if (first === undefined) throw new Error("There is no event to be merged.");
  const fields = new Map(same.flatMap(({ payload }) => payload.map((field) => [field.name, field] as const)));
  return {
    ...first,
    when: same.map(({ when }) => when).join(" "),
    payload: [...fields.values()],
    from: same.flatMap(({ from }) => from),
  };
}

/**
 * The functions that decide on a change: they change state themselves, or by others that only keep what they are given.
 * Who serves a request decides only what stands in it.
 */
function decidingOf(work: readonly Work[]): readonly Work[] {
  const named = work.filter(({ name }) => name !== "" && !isBuilder(name));
  const calledBy = (caller: Work) =>
    named.filter((found) => found !== caller && caller.calls.has(found.name));
  const known = new Map<Work, boolean>();
  const changes = (found: Work): boolean => {
    const done = known.get(found);
    if (done !== undefined) return done;
    known.set(found, found.changes.length > 0);
    const value = found.changes.length > 0 || calledBy(found).some(changes);
    known.set(found, value);
    return value;
  };
  const isOne = (caller: Work) =>
    caller.changes.length > 0 ||
    calledBy(caller)
      .filter(changes)
      .every(({ name }) => onlyKeeps(name));
  const services = named.filter((found) => found.route === null && changes(found) && isOne(found));
  const inner = new Set(services.flatMap((caller) => calledBy(caller).filter(changes)));
  const outermost = services.filter((found) => !inner.has(found));
  const routes = work.filter(({ route, changes: own }) => route !== null && own.length > 0);
  return [
    ...outermost,
    ...routes.filter((route) => !calledBy(route).some((found) => outermost.includes(found))),
  ];
}

/** By its name: `save_booking`, `_insert`. */
const onlyKeeps = (name: string) => keeping.has(wordsOf(name)[0] ?? "");
const keeping = new Set(
  "insert upsert save store persist write put commit flush delete remove update add append".split(" "),
);

/** What makes an object changes nothing that others could see. */
const isBuilder = (name: string) => name === "constructor" || /^__\w+__$/.test(name);

const small = new Set(
  "by for with from to and the a an of in on at as via if or all new many batch async".split(" "),
);
const endings: Readonly<Record<string, string>> = {
  POST: "created",
  PUT: "updated",
  PATCH: "updated",
  DELETE: "deleted",
};
const vague = new Set(["mark", "set", "do", "try", "run", "perform", "execute"]);
/** What reacts is named by what it reacts to. */
const reacting = new Set(["handle", "on", "process", "consume", "receive", "apply"]);
const byChange: Readonly<Record<string, string>> = {
  inserts: "created",
  adds: "created",
  deletes: "deleted",
};

/** What happened, and to what. */
function readName(found: Work): { readonly action: string | null; readonly object: string | null } {
  const [method = "", path = ""] = found.route === null || found.name !== "" ? [] : found.route.split(" ");
  if (method !== "") {
    const object = path
      .split("/")
      .filter((part) => part !== "" && !/^[:{]/.test(part))
      .at(-1);
    return {
      action: endings[method] ?? "updated",
      object: object === undefined ? null : wordsOf(object).join("_"),
    };
  }
  const [verb = "", ...rest] = wordsOf(found.name);
  if (reacting.has(verb)) {
    const [kind = ""] = found.changes[0]?.what.split(" ") ?? [];
    return { action: found.changes.length === 0 ? null : (byChange[kind] ?? "updated"), object: null };
  }
  const told = vague.has(verb) ? rest.find((word) => word.endsWith("ed")) : undefined;
  const end = rest.findIndex((word) => small.has(word));
  const object = (end === -1 ? rest : rest.slice(0, end)).filter((word) => word !== told && word !== "as");
  return { action: told ?? pastOf(verb), object: object.length === 0 ? null : object.join("_") };
}

function proposalsOf(facts: ModuleFacts, found: Work): readonly PlannedEvent[] {
  const { action, object } = readName(found);
  if (action === null) return [];
  const domain = domainOf(facts);
  const subject = found.changes.find((change) => change.subject !== null)?.subject ?? null;
  const named = singularWords(object ?? subject ?? domain);
  // The domain stands before it already.
  const resource = named.startsWith(`${domain}_`) ? named.slice(domain.length + 1) : named;
  const place = found.owner === null ? found.name || (found.route ?? "") : `${found.owner}.${found.name}`;
  // Who is told by a call today is told by the event tomorrow.
  const consumers = [...new Set([...found.tells, ...facts.readers.map(({ module }) => module)])];
  const what = listed(found.changes.map((change) => change.what)) || "what it calls changes the state";
  const done: PlannedEvent = {
    type: `${domain}.${resource}.${action}`,
    when: `\`${place}\` has committed (${what}).`,
    payload: payloadOf(found, resource, action),
    consumers,
    from: [found],
  };
  const outside = found.external.filter((name) => !name.includes("."));
  if (outside.length === 0) return [done];
  const failed: PlannedEvent = {
    type: `${domain}.${resource}.failed`,
    when: `\`${place}\` did not come to its end, e.g. because ${listed(outside)} failed.`,
    payload: [
      ...payloadOf(found, resource, "failed"),
      {
        name: "reason",
        type: "text",
        meaning: "Why, as one of a few known words; no message of another system.",
      },
    ],
    consumers,
    from: [found],
  };
  return [done, failed];
}

/** The first segment of events that the module has already; otherwise its name, in the singular. */
function domainOf({ name, registered, published }: ModuleFacts): string {
  const types = [...registered, ...published].flatMap(({ type }) => type ?? []);
  const domains = types.map((type) => type.split(".")[0] ?? "").filter((domain) => domain !== "");
  const counts = [...new Set(domains)].map((domain) => ({
    domain,
    count: domains.filter((other) => other === domain).length,
  }));
  return counts.sort((left, right) => right.count - left.count)[0]?.domain ?? singularWords(name);
}

function singularWords(name: string): string {
  const words = [...wordsOf(name)];
  const last = words.pop();
  return last === undefined ? "item" : [...words, singular(last)].join("_");
}

/** Ids, status and a time. What the charter forbids in payloads is left out. */
function payloadOf(found: Work, resource: string, action: string): readonly PlannedField[] {
  const names = found.parameters.map((name) => wordsOf(name).join("_"));
  const ids = names.filter((name) => /(?:^|_)ids?$/.test(name) && name !== "id");
  const fields: PlannedField[] = [
    { name: `${resource}_id`, type: "text", meaning: `The ${resource.replaceAll("_", " ")}.` },
    ...ids
      .filter((name) => name !== `${resource}_id`)
      .map((name) => ({
        name,
        type: name.endsWith("s") ? "list of text" : "text",
        meaning: `The ${name.replace(/_ids?$/, "").replaceAll("_", " ")}.`,
      })),
    ...names
      .filter((name) => /(?:^|_)(?:status|state)$/.test(name))
      .map((name) => ({ name, type: "text", meaning: "After the change." })),
    { name: `${action}_at`, type: "ISO-8601 time", meaning: "When, in UTC." },
  ];
  return fields.filter(({ name }) => forbiddenKeyReason(name) === null);
}

/** The plan as a document, in the form of an EVENTS.md. What nobody can see in the code is a `?`. */
export function planMarkdown(
  project: Project,
  facts: ModuleFacts,
  plan: Plan,
  purpose: string | null,
): string {
  const rows = (found: readonly Work[], tell: (work: Work) => string) =>
    found.map((work) => `| \`${nameOfWork(work)}\` | ${whereOf(project, work.place)} | ${tell(work)} |`);
  const role = roleOf(facts, plan);
  return [
    `# Planned events of ${facts.name}`,
    "",
    `**Purpose:** ${purpose ?? "?"}`,
    "",
    `**Role:** ${role}`,
    "",
    "## State changes",
    "",
    ...table(
      ["Function", "Where", "What it changes"],
      rows(plan.changing, ({ changes }) => changes.map(({ what }) => what).join(", ")),
    ),
    "",
    "## External dependencies",
    "",
    ...table(
      ["Function", "Where", "Whom it waits for"],
      rows(plan.external, ({ external }) => [...new Set(external)].join(", ")),
    ),
    "",
    `## Planned events, published by ${facts.name}`,
    "",
    ...(plan.events.length === 0 ? ["None.", ""] : []),
    ...plan.events.flatMap(({ type, when, payload, consumers }, index) => [
      `### ${index + 1}. ${type}`,
      "",
      `**When:** ${when}`,
      "",
      "**Payload:**",
      "",
      ...payload.map((field) => `- \`${field.name}\` (${field.type}): ${field.meaning}`),
      "",
      "**Consumers:**",
      "",
      ...(consumers.length === 0 ? ["- ?"] : consumers.map((consumer) => `- ${consumer}`)),
      "",
    ]),
  ]
    .join("\n")
    .replace(/(?<!\n)\n+$/, "\n");
}

function table(head: readonly string[], rows: readonly string[]): readonly string[] {
  if (rows.length === 0) return ["None found."];
  return [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...rows];
}

const nameOfWork = ({ owner, name, route }: Work) =>
  name === "" ? (route ?? "") : owner === null ? name : `${owner}.${name}`;

/** Producer, consumer, both or neither. */
export function roleOf(facts: ModuleFacts, plan: Plan): string {
  const tells =
    facts.registered.some(({ isOurs }) => isOurs) || facts.published.length > 0 || plan.events.length > 0;
  const hears = facts.handled.length > 0 || facts.consumers.length > 0;
  if (tells && hears) return "producer and consumer";
  if (tells) return "producer";
  return hears ? "consumer" : `neither: ${counted(plan.changing.length, "function")} that change state`;
}
