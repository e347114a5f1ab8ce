import type { Command } from "commander";
import { fullName } from "./unknown-command.ts";

/** What people do most with a command, as it is typed; by the full name of the command. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  charter: ["charter doctor", "charter story tour-2", "charter dlq ls --groups"],
  "charter check": [
    "charter check",
    "charter check src/modules/payment --fix",
    "charter check --format sarif",
  ],
  "charter breaking": ["charter breaking --against last", "charter breaking --against main --format json"],
  "charter dlq": [
    "charter dlq ls --groups",
    "charter dlq try 7",
    'charter dlq redrive 7 --reason "mended in 1.4"',
  ],
  "charter dlq redrive": [
    'charter dlq redrive 7 --reason "mended in 1.4"',
    "charter dlq redrive --fingerprint d14d4a7b78c2fadf --dry-run",
    'charter dlq redrive --subscriber payment --reason "mended in 1.4" --watch',
  ],
  "charter replay": [
    "charter replay start payment --from 2026-05-01T00:00:00Z --dry-run",
    "charter replay start payment --from 2026-05-01T00:00:00Z --name after-the-outage --watch",
  ],
  "charter replay start": [
    "charter replay start payment --from 2026-05-01T00:00:00Z --dry-run",
    "charter replay start payment --from 2026-05-01T00:00:00Z --name after-the-outage --watch",
    'charter replay start analytics --name rebuilt --mode force --reason "the table was lost"',
    "charter replay start analytics --name one-again --event 7d1f6b0e-3c57-4c1e-9b0a-2f8f4a1c9d10",
  ],
  "charter consumers": [
    "charter consumers ls",
    'charter consumers pause payment --reason "their service is down"',
  ],
  "charter search": ["charter search --type payment.transaction.completed --tenant acme --count"],
  "charter publish": [
    `charter publish library.book.lent --tenant acme --payload '{"book_id":"b-1"}'`,
    "charter publish --file events.jsonl",
  ],
  "charter export": ["charter export --to kafka-jsonl"],
  "charter subject export": ["charter subject export anna --tenant acme --out anna.jsonl"],
  "charter new app": [
    "charter new app ../my-shop --packages out",
    "charter new app ../my-shop --dry-run --yes",
  ],
};

const exitCodes = `Exit codes: 0 done; 1 it could not be done, or something is wrong; 2 wrong usage; 100 findings of
a command that judges; 130 interrupted.`;

/** Puts the examples of a command, and of those below it, behind its help; the exit codes behind that of the program. */
export function showExamples(command: Command): void {
  const name = fullName(command);
  const found = Object.hasOwn(examples, name) ? (examples[name] ?? []) : [];
  const parts = [
    ...(found.length === 0 ? [] : [["Examples:", ...found.map((one) => `  ${one}`)].join("\n")]),
    ...(command.parent === null ? [exitCodes] : []),
  ];
  if (parts.length > 0) command.addHelpText("after", `\n${parts.join("\n\n")}`);
  for (const inner of command.commands) showExamples(inner);
}
