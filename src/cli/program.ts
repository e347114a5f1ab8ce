/** The commands of `charter` and their options. */

import { Command } from "commander";
import { addActions } from "./commands/actions.ts";
import { addAlerts } from "./commands/alerts.ts";
import { addAudit } from "./commands/audit.ts";
import { addBreaking } from "./commands/breaking.ts";
import { addCapacity } from "./commands/capacity.ts";
import { addCatalog } from "./commands/catalog.ts";
import { addCheck } from "./commands/check.ts";
import { addConsumers } from "./commands/consumers.ts";
import { addDemo } from "./commands/demo.ts";
import { addDlq } from "./commands/dlq.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExport } from "./commands/export.ts";
import { addGraph } from "./commands/graph.ts";
import { addGuard } from "./commands/guard.ts";
import { addKeys } from "./commands/keys.ts";
import { addMove } from "./commands/move.ts";
import { addNew } from "./commands/new.ts";
import { addObserved } from "./commands/observed.ts";
import { addPhase } from "./commands/phase.ts";
import { addReplay } from "./commands/replay.ts";
import { addSearch } from "./commands/search.ts";
import { addServices } from "./commands/services.ts";
import { addStory } from "./commands/story.ts";
import { addSubject } from "./commands/subject.ts";
import { addTail } from "./commands/tail.ts";
import { addTasks } from "./commands/tasks.ts";
import { addTenants } from "./commands/tenants.ts";
import { addTry } from "./commands/try.ts";
import { addWhoami } from "./commands/whoami.ts";
import { tellUnknownCommands } from "./unknown-command.ts";

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
    .showHelpAfterError("(charter --help tells more)")
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
  addServices(program);
  addTasks(program);
  addSubject(program);
  addKeys(program);
  addTenants(program);
  addWhoami(program);
  addDemo(program);
  tellUnknownCommands(program);
  return program;
}
