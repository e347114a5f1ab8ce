/** Names of events: `<domain>.<resource>.<action>`, and the frozen set of older names that break the rule. */

export interface NameViolation {
  readonly rule: "three_segments" | "snake_case" | "pascal_case" | "past_tense" | "singular_resource";
  readonly message: string;
}

const segment = /^[a-z][a-z0-9_]*$/;

const irregularPast = new Set(
  (
    "ran went came began wrote took gave broke chose fell grew knew drew threw spoke became awoken beaten become begun bent bitten blown born borne bought bound broadcast broken brought built burnt burst " +
    "cast caught chosen cost cut dealt done drawn driven drunk dug eaten fallen felt flown forbidden foreseen " +
    "forgiven forgotten fought found frozen given gone got ground grown heard held hidden hit hung hurt kept known " +
    "laid lain learnt led left lent let lit lost made meant met mown outrun outsold overridden paid proven put quit " +
    "read reset ridden risen run rung said seen sent set sewn shaken shot shown shrunk shut sold sought sown spent " +
    "spilt split spoken spread sprung spun stolen stood struck strung stuck sung sunk swept sworn swum swung taken " +
    "fed clung come crept dreamt flung knelt sat slept slid stung taught thought thrown told torn understood upheld woken won worn wound woven written"
  ).split(" "),
);
/** `rewritten`, `withheld`, `overtaken` */
const prefix = /^(?:re|under|un|over|with|mis|pre)(?=.{3})/;
/** `checked_in`, `timed_out`: what is done stands before it. */
const particle = /_(?:in|out|up|off|on|over|down|back|away|through)$/;
// Present tense and adjectives that end like a past tense.
const notPast = new Set([
  "need",
  "feed",
  "speed",
  "seed",
  "embed",
  "exceed",
  "proceed",
  "succeed",
  "shed",
  "bed",
  "red",
]);

/** True for the last word of `action` in the past tense: `created`, `micro_niche_created`, `sent`, `checked_in`. */
export function isPastTense(action: string): boolean {
  const verb = action.replace(particle, "");
  const word = verb.slice(verb.lastIndexOf("_") + 1);
  if (irregularPast.has(word) || irregularPast.has(word.replace(prefix, ""))) return true;
  return word.length > 3 && word.endsWith("ed") && !notPast.has(word);
}

const twoSegments =
  "wire name in use since before the three-segment rule; renaming would orphan stored events";
const noVerb = "wire name in use since before the past-tense rule; renaming would orphan stored events";
const twoSegmentsNoVerb = "two segments and no past-tense verb, in use since before both rules";

function frozen(names: string, reason: string): [string, string][] {
  return names.split(" ").map((name) => [name, reason]);
}

/** Names that stay as they are, each with the reason. New names are never added here. */
export const frozenNames: ReadonlyMap<string, string> = new Map([
  ...frozen("course.deployed.staging", noVerb),
  ...frozen(
    "distribution.created distribution.updated distribution.deleted distribution.published distribution.unpublished " +
      "distribution.viewed distribution.enrollment_clicked distribution.micro_niche_created " +
      "distribution.version_bumped ir.approval_created ir.approval_consumed ir.approval_expired " +
      "task.created task.assigned task.started task.completed task.failed task.cancelled task.scheduled task.claimed " +
      "mission.created mission.started mission.completed mission.failed mission.cancelled",
    twoSegments,
  ),
  ...frozen(
    "ir.approval_invalid ir.validated_pass ir.validated_escalate ir.validated_reject ir.dag_diff_ok " +
      "ir.dag_diff_failed task.retrying agent.online agent.offline agent.heartbeat agent.error agent.task_request " +
      "agent.message system.health system.alert system.maintenance ethics.review ethics.violation ethics.approval",
    twoSegmentsNoVerb,
  ),
  ...frozen("broadcast", "one segment: the general announcement of the first release"),
  ...frozen(
    "tasklease.created.v1",
    "carries its version in the name, from before meta.schema_version was used",
  ),
]);

/** What is wrong with an event name; empty for a good name and for a frozen one. Source: Event Charter v1.0, naming. */
export function checkEventName(type: string): readonly NameViolation[] {
  if (frozenNames.has(type)) return [];
  const violations: NameViolation[] = [];
  const segments = type.split(".");
  if (/[A-Z]/.test(type)) {
    violations.push({
      rule: "pascal_case",
      message: `"${type}" has upper case letters; write it in lower case, e.g. "task.item.created" for TaskCreated`,
    });
  }
  if (segments.length !== 3) {
    violations.push({
      rule: "three_segments",
      message: `"${type}" has ${segments.length} segment(s); expected <domain>.<resource>.<action>`,
    });
  }
  if (violations.length === 0 && !segments.every((part) => segment.test(part))) {
    violations.push({
      rule: "snake_case",
      message: `"${type}" has a segment that is not snake_case; use a-z, 0-9 and _, starting with a letter`,
    });
  }
  const [, resource, action] = segments;
  if (segments.length === 3 && action !== undefined && segment.test(action) && !isPastTense(action)) {
    violations.push({
      rule: "past_tense",
      message: `"${action}" is not in the past tense; an event tells what happened, e.g. "created", "completed"`,
    });
  }
  if (segments.length === 3 && resource !== undefined && /[^su]s$/.test(resource)) {
    violations.push({
      rule: "singular_resource",
      message: `the resource "${resource}" looks like a plural; use the singular, e.g. "course" for "courses"`,
    });
  }
  return violations;
}
