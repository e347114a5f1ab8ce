import { createLogger } from "@brain/engine";
import { createJsonlTaskEvents, fromRecord } from "../../../modules/tasks/files.ts";
import type { Cli } from "../../command.ts";
import { createLineFolder } from "../../line-folder.ts";
import { facts } from "../../output.ts";

interface EventPage {
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly next_cursor: string | null;
}

interface ExportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly archiveDays?: number;
  readonly archiveMb: number;
}

/** `charter tasks export`; what it needs is loaded for no other command. */
export async function exportFiles(cli: Cli, folder: string, options: ExportOptions): Promise<void> {
  const log = createLogger((_level, line) => cli.out.note(line), "warn", Date.now);
  const files = createLineFolder(folder);
  // A path that is no folder is told before anything is asked for.
  await files.list();
  const repository = createJsonlTaskEvents(files, log);
  const { from, to } = options;
  let [read, written] = [0, 0];
  let cursor: string | undefined;
  do {
    const query = { from, to, limit: 500, order: "oldest", cursor };
    const page: EventPage = await cli.client.get<EventPage>("/api/tasks/events", query);
    for (const record of page.events) if (await repository.save(fromRecord(record))) written += 1;
    read += page.events.length;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  const archived = await repository.archive({
    maxBytes: options.archiveMb * 1_000_000,
    ...(options.archiveDays === undefined ? {} : { before: daysAgo(options.archiveDays) }),
  });
  if (cli.out.json) cli.out.data({ folder, read, written, archived });
  else
    cli.out.line(
      facts([
        ["folder", folder],
        ["events", read],
        ["written", written],
        ["archived", archived.join(", ")],
      ]),
    );
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}
