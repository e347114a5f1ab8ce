/** The gate before a migration: what must hold of the running system and of the module, and whether it may begin. */

import type { Judged } from "./judged.ts";
import { purposeOf } from "./judged.ts";
import { fail, type Line, lineOf, listed, type Outcome, pass, unknown } from "./line.ts";
import { isOriginal, observedOf, type System } from "./system.ts";

export interface Gate {
  readonly verdict: "GO" | "NO-GO";
  readonly lines: readonly Line[];
}

/** What a person showed, by the id of the line. */
export type Shown = ReadonlyMap<string, string>;

/** The migration of the original that made the table of claims. */
const originalMigration = "002_event_dedup_stream_message_id";

export function gateOf(judged: Judged, system: System, shown: Shown): Gate {
  const lines = [
    lineOf("G-1", "The mode is required", mode(system)),
    lineOf("G-2", "The migration of the claims is applied", migration(judged, system)),
    lineOf("G-3", "processed_events is unique by subscriber and stream message id", table(system)),
    lineOf("G-4", "Redis answers, the stream is there", healthy(system)),
    lineOf("G-5", "The module has a name", named(judged)),
    lineOf("G-6", "Its folder exists", pass(judged.facts.folder)),
    lineOf("G-7", "It has an owner", owned(judged)),
    lineOf("G-8", "Its dependencies are listed", dependencies(judged)),
    lineOf("GO-1", "It produces relevant business events", produces(judged)),
    lineOf("GO-2", "It is in active use", inUse(judged, system)),
    lineOf("GO-3", "It is not given up", kept(judged)),
  ].map((line) => withShown(line, shown));
  return { verdict: lines.every(({ state }) => state === "pass") ? "GO" : "NO-GO", lines };
}

/** What a person showed stands for what nobody could see; it makes nothing good that was seen to be wrong. */
function withShown(line: Line, shown: Shown): Line {
  const evidence = shown.get(line.id);
  if (evidence === undefined || line.state !== "unknown") return line;
  return { ...line, state: "pass", evidence: `shown by hand: ${evidence}`, todo: null };
}

const byHand = (id: string) => `and say what it showed with --shown ${id}="…".`;

function mode(system: System): Outcome {
  const { health, settings, url } = system;
  const told = "answer" in health ? (health.answer.mode ?? null) : null;
  const value = told ?? ("answer" in settings ? settings.answer.mode : null);
  if (value === "required") return pass(`${url}/api/health says mode ${value}`);
  if (value !== null)
    return fail(
      `${url}/api/health says mode ${value}`,
      "Set BRAIN_EVENTSTREAM_MODE=required, or take it away, and start again.",
    );
  if (isOriginal(system))
    return unknown(
      "a system of the original does not tell its mode",
      `Look at BRAIN_EVENTSTREAM_MODE of the running process: unset or required; ${byHand("G-1")}`,
    );
  return unknown(whyOf(health), "Start the system, or name it with --url.");
}

function migration(judged: Judged, system: System): Outcome {
  const { settings } = system;
  if ("answer" in settings) {
    const { claims, migrations } = settings.answer;
    if (claims === null) return unknown("the database did not say", "Bring Postgres back, and ask again.");
    const made = `${claims.original_migration} is here ${listed(claims.migrations)} of the engine`;
    if (claims.table && claims.unique_index !== null) {
      const behind =
        migrations.missing.length > 0 ? `; missing later ones: ${listed(migrations.missing)}` : "";
      return pass(
        `${made}: the schema has what ${claims.migrations.length === 1 ? "it makes" : "they make"}${behind}`,
      );
    }
    return fail(
      `${made}, and the schema lacks what they make`,
      "Run npm run migrate. Restore what was dropped by hand: see G-3.",
    );
  }
  if (!isOriginal(system)) return unknown(whyOf(settings), keyOrStart(settings.why));
  const file = [...judged.project.files.paths].find(
    (path) => path.endsWith(".py") && path.includes(originalMigration),
  );
  return unknown(
    `a system of the original does not tell its migrations${file === undefined ? "" : `; the tree has ${file}`}`,
    `Run "alembic current": ${originalMigration} must be applied, it need not be the head; ${byHand("G-2")}`,
  );
}

function table(system: System): Outcome {
  const { settings } = system;
  if ("answer" in settings) {
    const { claims } = settings.answer;
    if (claims === null) return unknown("the database did not say", "Bring Postgres back, and ask again.");
    if (!claims.table)
      return fail(
        "there is no table processed_events",
        "Without it every delivery is applied again. Run the migrations on an empty database, or restore the table.",
      );
    if (claims.unique_index === null)
      return fail(
        "processed_events has no unique index over subscriber_name and stream_message_id",
        "ALTER TABLE processed_events ADD CONSTRAINT uq_subscriber_stream_msg_id UNIQUE (subscriber_name, stream_message_id)",
      );
    return pass(`table processed_events with ${claims.unique_index}`);
  }
  if (!isOriginal(system)) return unknown(whyOf(settings), keyOrStart(settings.why));
  return unknown(
    "a system of the original does not tell its tables",
    `Run "\\d processed_events" in psql: UNIQUE (subscriber_name, stream_message_id); ${byHand("G-3")}`,
  );
}

const keyOrStart = (why: string) =>
  /answered 40[13]\b/.test(why)
    ? "Give a key of an administrator with --key or CHARTER_KEY."
    : "Start the system, or name it with --url.";

const whyOf = (asked: { readonly why: string } | { readonly answer: unknown }) =>
  "why" in asked ? asked.why : "it did not say";

function healthy({ health, url }: System): Outcome {
  if ("why" in health) return fail(health.why, "Start the system, or name it with --url.");
  const { status, event_stream, reasons = [] } = health.answer;
  const said = `${url}/api/health says ${status}, event_stream ${event_stream}`;
  if (status === "healthy" && event_stream) return pass(said);
  return fail(
    [said, ...reasons].join("; "),
    event_stream ? "Mend what it names." : "Bring Redis back, or set its address.",
  );
}

function named({ facts: { name, folder } }: Judged): Outcome {
  if (/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(name)) return pass(name);
  return fail(
    `"${name}" in ${folder} is not snake_case`,
    "Name it in lower case with underscores, as in course_access.",
  );
}

function owned({ facts, readme }: Judged): Outcome {
  const path = `${facts.folder}/README.md`;
  if (readme?.owner != null) return pass(`${path}: ${readme.owner}`);
  return fail(
    readme === null ? `there is no ${path}` : `${path} names no owner`,
    `Write "**Owner:** <team or person>" below the title.`,
  );
}

function dependencies({ facts, readme }: Judged): Outcome {
  const path = `${facts.folder}/README.md`;
  if (readme?.dependencies != null) return pass(`${path}, "Dependencies"`);
  return fail(
    readme === null
      ? `there is no ${path}`
      : `${path} has no section "Dependencies", or nothing stands in it`,
    `List the APIs and modules that it needs below "## Dependencies".`,
  );
}

function produces({ wanted, plan, facts }: Judged): Outcome {
  const own = wanted.filter(({ isOurs }) => isOurs).map(({ type }) => type);
  if (own.length > 0) return pass(listed(own));
  const planned = plan.events.map(({ type }) => type);
  if (planned.length > 0) return pass(`to be planned: ${listed(planned)}`);
  return fail(
    `no function of ${facts.folder} was found that changes state, and no event is planned`,
    "A module without events of its own needs no migration of a producer.",
  );
}

function inUse({ facts, wanted }: Judged, system: System): Outcome {
  const { health, url } = system;
  const own = wanted.filter(({ isOurs }) => isOurs).map(({ type }) => type);
  const types = [...new Set([...own, ...facts.handled.flatMap(({ type }) => type ?? [])])];
  const seen = observedOf(system, types);
  if (seen !== null && seen.count > 0)
    return pass(
      `${url}/api/catalog has seen ${seen.count} of its events (${listed(seen.types)})${seen.last === null ? "" : `, the last at ${seen.last}`}`,
    );
  const running = "answer" in health ? (health.answer.consumers ?? []) : [];
  const consumers = facts.consumers
    .flatMap(({ type }) => type ?? [])
    .filter((name) => running.includes(name));
  const hint =
    consumers.length > 0
      ? `its consumer ${listed(consumers)} runs, and none of its events was seen`
      : "none of its events was seen";
  const why = seen === null ? ("why" in system.catalog ? system.catalog.why : "nobody could say") : hint;
  return unknown(
    why,
    `Look at the access log or the rows of its tables of the last weeks, ${byHand("GO-2")}`,
  );
}

function kept(judged: Judged): Outcome {
  const { readme, facts } = judged;
  if (readme?.givenUp != null)
    return fail(
      `${facts.folder}/README.md says: ${readme.givenUp}`,
      "Nothing that is given up is migrated. Delete it instead.",
    );
  return pass(purposeOf(judged) ?? "no document gives it up");
}
