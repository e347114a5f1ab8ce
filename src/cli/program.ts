/** The commands of `charter` and their options. */

import { Command } from "commander";
import { addActions } from "./commands/access/actions.ts";
import { addAudit } from "./commands/access/audit.ts";
import { addKeys } from "./commands/access/keys.ts";
import { addTenants } from "./commands/access/tenants.ts";
import { addWhoami } from "./commands/access/whoami.ts";
import { addCatalog } from "./commands/events/catalog.ts";
import { addExport } from "./commands/events/export.ts";
import { addPublish } from "./commands/events/publish.ts";
import { addSearch } from "./commands/events/search.ts";
import { addStory } from "./commands/events/story.ts";
import { addSubject } from "./commands/events/subject.ts";
import { addTail } from "./commands/events/tail.ts";
import { addAlerts } from "./commands/health/alerts.ts";
import { addCapacity } from "./commands/health/capacity.ts";
import { addDoctor } from "./commands/health/doctor.ts";
import { addDemo } from "./commands/local/demo.ts";
import { addServices } from "./commands/local/services.ts";
import { addMove } from "./commands/move/move.ts";
import { addBreaking } from "./commands/project/breaking.ts";
import { addCheck } from "./commands/project/check.ts";
import { addGenerate } from "./commands/project/generate.ts";
import { addGraph } from "./commands/project/graph.ts";
import { addGuard } from "./commands/project/guard.ts";
import { addNew } from "./commands/project/new.ts";
import { addObserved } from "./commands/project/observed.ts";
import { addPhase } from "./commands/project/phase.ts";
import { addConsumers } from "./commands/repair/consumers.ts";
import { addDlq } from "./commands/repair/dlq.ts";
import { addReplay } from "./commands/repair/replay.ts";
import { addTry } from "./commands/repair/try.ts";
import { addTasks } from "./commands/tasks/tasks.ts";
import { refuseEmptyValues } from "./empty-values.ts";
import { showExamples } from "./examples.ts";
import { fullName, tellUnknownCommands } from "./unknown-command.ts";

export function createProgram(): Command {
  const program = new Command("charter")
    .description("look after an event backbone: dead letters, replays, consumers")
    .option(
      "--url <url>",
      "address of the server (CHARTER_URL); default: that of npm start, http://127.0.0.1:8787",
    )
    .option(
      "--key <key>",
      "bearer key (CHARTER_KEY, BRAIN_API_KEY); default, for the server of npm start only: its key",
    )
    .option("--actor <id>", "id of the user on whose behalf this is done (CHARTER_ACTOR)")
    .option("--json", "the API's answer on standard output, and nothing else")
    .exitOverride();

  addCatalog(program);
  addCheck(program);
  addGuard(program);
  addPhase(program);
  addBreaking(program);
  addDlq(program);
  addReplay(program);
  addConsumers(program);
  addTail(program);
  addStory(program);
  addTry(program);
  addPublish(program);
  addSearch(program);
  addAudit(program);
  addAlerts(program);
  addDoctor(program);
  addObserved(program);
  addGraph(program);
  addCapacity(program);
  addExport(program);
  addMove(program);
  addActions(program);
  addNew(program);
  addGenerate(program);
  addServices(program);
  addTasks(program);
  addSubject(program);
  addKeys(program);
  addTenants(program);
  addWhoami(program);
  addDemo(program);
  tellUnknownCommands(program);
  refuseEmptyValues(program);
  pointToHelp(program);
  showExamples(program);
  return program;
}

/** What is wrong with the words of a command is explained by its own help, which has its options. */
function pointToHelp(command: Command): void {
  command.showHelpAfterError(`(${fullName(command)} --help tells more)`);
  for (const inner of command.commands) pointToHelp(inner);
}
