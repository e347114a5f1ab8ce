import type { MoveState } from "../../../http/kit/answers/consumers.ts";

/** What keeps a move from being done (`left`), or what is as it may stay (`note`). */
export interface MoveStep {
  readonly level: "left" | "note";
  readonly about: string;
  readonly message: string;
}

/** The modules that run here, in the order in which they are moved: whoever consumes comes behind whoever publishes. */
export const movedModules = [
  "payment",
  "course_access",
  "course_factory",
  "course_distribution",
  "ir_governance",
  "missions",
  "tasks",
  "agents",
] as const;

/** Groups of the first programs, as their documents name them, and the module that does their work here. */
const firstGroups: ReadonlyMap<string, string> = new Map([
  ["group_course_access", "course_access"],
  ["course_access_handler", "course_access"],
  ["group_course_access_handler", "course_access"],
  ["group_distribution_consumer", "course_distribution"],
  ["distribution_consumer", "course_distribution"],
]);

/** The module here that does the work of a group; null for one that nobody knows. */
function moduleOfGroup(group: string): string | null {
  const subscriber = group.replace(/^group_/, "");
  return firstGroups.get(group) ?? movedModules.find((name) => name === subscriber) ?? null;
}

const entries = (count: number) => `${count.toLocaleString("en-US")} ${count === 1 ? "entry" : "entries"}`;

function writers({ foreign_types: types }: MoveState, modules: ReadonlySet<string>): MoveStep[] {
  return types.map(({ type, module, count, last_id, last_at }) => {
    const when = last_at === null ? `the last is ${last_id}` : `the last at ${last_at}`;
    const seen = `${type || "(no type)"}: ${entries(count)} by another program, ${when}`;
    if (module === null || !modules.has(module)) {
      const whose = module === null ? "nobody knows the type" : `${module} is not moved`;
      return { level: "note", about: module ?? "unknown", message: `${seen}; ${whose}` };
    }
    return { level: "left", about: module, message: `${seen}; switch its publisher there off` };
  });
}

function groups({ foreign_groups: found, stream }: MoveState, modules: ReadonlySet<string>): MoveStep[] {
  return found.map(({ group, lag, pending, last_delivered_id, consumers }) => {
    const module = moduleOfGroup(group);
    const readers = consumers.length === 0 ? "no reader" : `readers ${consumers.join(", ")}`;
    const place = `group ${group} stands at ${last_delivered_id}, lag ${lag ?? "?"}, pending ${pending}, ${readers}`;
    if (module === null || !modules.has(module)) {
      const whose =
        module === null
          ? "whose it is nobody knows; a group that nobody reads holds entries on the stream"
          : `${module} is not moved`;
      return { level: "note", about: module ?? "unknown", message: `${place}; ${whose}` };
    }
    const rest =
      lag === 0 && pending === 0
        ? `it has read everything: stop its program, then XGROUP DESTROY ${stream} ${group}`
        : `what it has not acked is handled here too; stop its program, then XGROUP DESTROY ${stream} ${group}`;
    return { level: "left", about: module, message: `${place}; ${rest}` };
  });
}

/** What is left to do until `modules` are moved, in the order of the move, and what may stay. Pure. */
export function moveSteps(state: MoveState, modules: readonly string[]): MoveStep[] {
  const chosen = new Set(modules);
  const place = ({ about }: MoveStep) => {
    const index = (movedModules as readonly string[]).indexOf(about);
    return index === -1 ? movedModules.length : index;
  };
  const steps = [...writers(state, chosen), ...groups(state, chosen)];
  return steps.sort((a, b) => place(a) - place(b));
}
