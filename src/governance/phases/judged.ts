/** Everything that is known of a module on its way to the charter. */

import { checkProject } from "../check/check.ts";
import type { Finding } from "../finding.ts";
import type { Project } from "../project.ts";
import { phaseOfRule, type RulePhase } from "../rules/phase-of-rule.ts";
import type { Rule } from "../rules/rule.ts";
import type { Document } from "../tree/documents/documents.ts";
import type { TestEvidence } from "./evidence/shown-test.ts";
import {
  type DocumentedEvent,
  documentedEvents,
  type ReadmeFacts,
  readReadme,
} from "./facts/module-documents.ts";
import type { EventUse, ModuleFacts } from "./facts/module-facts.ts";
import { type Plan, planOf } from "./plan.ts";

export interface Judged {
  readonly project: Project;
  readonly facts: ModuleFacts;
  readonly plan: Plan;
  /** The events that it is to publish: of its documents, otherwise of the registry. */
  readonly wanted: readonly WantedEvent[];
  readonly readme: ReadmeFacts | null;
  /** What rules found in the module. */
  readonly findings: readonly Finding[];
  readonly rules: readonly Rule[];
  readonly evidence: TestEvidence;
}

export interface WantedEvent {
  readonly type: string;
  /** Null: no document describes it. */
  readonly documented: DocumentedEvent | null;
  readonly registered: EventUse | null;
  readonly published: EventUse | null;
  /** Others publish it: the module only defines it. */
  readonly isOurs: boolean;
}

export interface JudgeOptions {
  readonly rules: readonly Rule[];
  /** `2026-11-26`, UTC */
  readonly today: string;
  readonly evidence: TestEvidence;
}

export function judgeModule(project: Project, facts: ModuleFacts, options: JudgeOptions): Judged {
  const { rules, today, evidence } = options;
  let findings: readonly Finding[] | null = null;
  return {
    project,
    facts,
    plan: planOf(facts),
    wanted: wantedOf(facts),
    readme: facts.readme === null ? null : readReadme(facts.readme),
    // The gate needs none, and to find them all takes the longest.
    get findings() {
      findings ??= findingsIn(project, rules, today).filter((finding) => concerns(project, facts, finding));
      return findings;
    },
    rules,
    evidence,
  };
}

const isolateFindings = new WeakMap<
  Project,
  { readonly rules: readonly Rule[]; readonly findings: readonly Finding[] }
>();

/** Of all modules, found once. */
function findingsIn(project: Project, rules: readonly Rule[], today: string): readonly Finding[] {
  const known = isolateFindings.get(project);
  if (known?.rules === rules) return known.findings;
  const { findings } = checkProject(project, rules, today);
  isolateFindings.set(project, { rules, findings });
  return findings;
}

/** It stands in the module's folder, in one of its tests, or in the definition of one of its events. */
function concerns(project: Project, facts: ModuleFacts, finding: Finding): boolean {
  const { file } = finding;
  return (
    file.startsWith(`${facts.folder}/`) || facts.tests.includes(file) || isInRegistry(project, facts, finding)
  );
}

function isInRegistry(project: Project, { registered }: ModuleFacts, { file, line }: Finding): boolean {
  return registered.some(({ place }) => {
    if (place.file !== file) return false;
    const [first, last] = [place.start, place.end].map((at) => lineAt(project, file, at));
    return first !== undefined && last !== undefined && first <= line && line <= last;
  });
}

function lineAt(project: Project, file: string, offset: number): number {
  const text = project.files.files.get(file)?.text ?? "";
  return text.slice(0, offset).split("\n").length;
}

/** The documents that describe events: what is planned, and at the end the module's EVENTS.md. */
const describing = ({ documents }: ModuleFacts): readonly Document[] =>
  documents.filter((document) => documentedEvents(document, "published").length > 0);

function wantedOf(facts: ModuleFacts): readonly WantedEvent[] {
  const documented = new Map<string, DocumentedEvent>();
  // The more a document says of an event, the more it counts.
  for (const event of describing(facts).flatMap((document) => documentedEvents(document, "published"))) {
    const known = documented.get(event.type);
    if (known === undefined || missingOf(event).length < missingOf(known).length)
      documented.set(event.type, event);
  }
  const types = new Set([
    ...documented.keys(),
    ...facts.registered.flatMap(({ type }) => type ?? []),
    ...facts.published.flatMap(({ type }) => type ?? []).filter((type) => isDescribed(facts, type)),
  ]);
  return [...types].map((type) => {
    const registered = facts.registered.find((use) => use.type === type) ?? null;
    return {
      type,
      documented: documented.get(type) ?? null,
      registered,
      published: facts.published.find((use) => use.type === type) ?? null,
      isOurs: registered?.isOurs ?? true,
    };
  });
}

const isDescribed = (facts: ModuleFacts, type: string) => facts.registered.some((use) => use.type === type);

export function missingOf(event: DocumentedEvent): readonly string[] {
  return [
    ...(event.when === null ? ["when"] : []),
    ...(event.payload === null ? ["payload"] : []),
    ...(event.consumers === null ? ["consumers"] : []),
  ];
}

/**
 * The phase that a finding belongs to. What the design must keep, and code breaks that is no design yet, is the work of the
 * producer: while events are designed, no code is changed.
 */
export function phaseOfFinding({ project, facts }: Judged, finding: Finding): RulePhase {
  const phase = phaseOfRule(finding.rule);
  const isCode = facts.files.includes(finding.file) && !isInRegistry(project, facts, finding);
  return phase === 1 && isCode ? 2 : phase;
}

export const ours = ({ wanted }: Judged) => wanted.filter(({ isOurs }) => isOurs);

/** It has events of its own, or changes state and does not say that nobody needs to know. */
export const produces = (judged: Judged) =>
  ours(judged).length > 0 ||
  (judged.plan.events.length > 0 && !(judged.facts.events !== null && saysNone(judged.facts.events)));

export const hears = ({ facts }: Judged) =>
  facts.handled.length > 0 || facts.consumers.length > 0 || consumedBy(facts).length > 0;

export const isSilent = (judged: Judged) => !produces(judged) && !hears(judged);

/** Types that the documents say the module consumes. */
export function consumedBy({ documents }: ModuleFacts): readonly DocumentedEvent[] {
  return documents.flatMap((document) => documentedEvents(document, "consumed"));
}

export function purposeOf({ facts, readme }: Pick<Judged, "facts" | "readme">): string | null {
  if (readme?.purpose != null) return readme.purpose;
  for (const { text } of facts.documents) {
    const found = /^\*\*(?:Purpose|Zweck):?\*\*:?[ \t]*(?!\?)(\S.*)$/m.exec(text)?.[1];
    if (found !== undefined) return found.trim();
  }
  return facts.docstring;
}

/** Below its heading about published events stands that there are none. */
export function saysNone({ sections }: Document): boolean {
  return sections.some(
    ({ title, text }) => /published|veröffentlicht/i.test(title) && /^\s*(?:none|keine)\b/i.test(text),
  );
}
