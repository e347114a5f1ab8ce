import { localeOfPage } from "./zone.ts";

/** Rows that are kept; older ones go. */
const maxRows = 200;
const maxPreview = 90;

interface LiveEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly target: string | null;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly mission_id: string | null;
  readonly task_id: string | null;
  readonly severity: string | null;
  readonly timestamp: string;
  readonly payload: unknown;
  readonly meta: { readonly source_module?: string; readonly causation_id?: string };
}

/** A part of the page that shows events as they happen, once somebody asks for it. */
export function followLive(): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-live]")) follow(part);
}

function follow(part: HTMLElement): void {
  const find = (name: string) => part.querySelector<HTMLElement>(`[data-live-${name}]`);
  const [buttons, start, pause, stop, state, box] = [
    "buttons",
    "start",
    "pause",
    "stop",
    "state",
    "rows",
  ].map(find);
  const rows = part.querySelector("tbody");
  if (!buttons || !start || !pause || !stop || !state || !box || !rows) return;
  const labels = [...part.querySelectorAll("thead th")].map((one) => one.textContent);
  const also: Readonly<Record<string, string>> = JSON.parse(part.dataset.also ?? "{}");
  const words = part.dataset;
  let source: EventSource | null = null;
  let isPaused = false;
  let waiting: LiveEvent[] = [];

  const add = (events: readonly LiveEvent[]) => {
    rows.prepend(...events.toReversed().map((event) => rowOf(event, labels)));
    while (rows.children.length > maxRows) rows.lastElementChild?.remove();
  };
  const tell = () => {
    const text = isPaused ? words.paused : source?.readyState === EventSource.OPEN ? words.on : words.again;
    state.textContent = `${text ?? ""}${isPaused ? ` ${waiting.length} ${words.waiting ?? ""}` : ""}`;
    pause.textContent = (isPaused ? words.resume : words.pause) ?? "";
  };
  const begin = () => {
    source = new EventSource(words.live ?? "");
    source.addEventListener("open", tell);
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) end(words.ended ?? "");
      else tell();
    });
    source.addEventListener("message", ({ data }) => {
      const event: LiveEvent = JSON.parse(data);
      if (!fits(event, also)) return;
      if (!isPaused) return add([event]);
      waiting = [...waiting, event].slice(-maxRows);
      tell();
    });
    for (const one of [pause, stop, box]) one.hidden = false;
    // What is hidden loses the focus, and the keyboard would begin at the top of the page again.
    if (document.activeElement === start) pause.focus();
    start.hidden = true;
  };
  const end = (text: string) => {
    source?.close();
    source = null;
    isPaused = false;
    waiting = [];
    start.hidden = false;
    if ([pause, stop].some((one) => one === document.activeElement)) start.focus();
    for (const one of [pause, stop]) one.hidden = true;
    state.textContent = text;
  };
  start.addEventListener("click", begin);
  stop.addEventListener("click", () => end(""));
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    if (!isPaused) add(waiting.splice(0));
    tell();
  });
  buttons.hidden = false;
}

/** What the stream does not filter itself. */
function fits(event: LiveEvent, also: Readonly<Record<string, string>>): boolean {
  return Object.entries(also).every(([name, wanted]) => {
    switch (name) {
      case "agent_id":
        return event.source === wanted || event.target === wanted;
      case "module":
        return event.meta.source_module === wanted;
      case "causation_id":
        return event.meta.causation_id === wanted;
      case "text":
        return JSON.stringify(event.payload).toLowerCase().includes(wanted.toLowerCase());
      case "payload":
        return memberFits(event.payload, wanted);
      default:
        return (event as unknown as Readonly<Record<string, unknown>>)[name] === wanted;
    }
  });
}

function memberFits(payload: unknown, wanted: string): boolean {
  const at = wanted.indexOf("=");
  let member = payload;
  for (const name of wanted.slice(0, at).split("."))
    member =
      typeof member === "object" && member !== null && Object.hasOwn(member, name)
        ? (member as Readonly<Record<string, unknown>>)[name]
        : undefined;
  const text = typeof member === "object" ? JSON.stringify(member) : String(member);
  return member !== undefined && text === wanted.slice(at + 1);
}

/** @param labels of the columns; each cell has its own, as in the rows of the page */
function rowOf(event: LiveEvent, labels: readonly string[]): HTMLElement {
  const row = document.createElement("tr");
  const time = document.createElement("time");
  time.dateTime = event.timestamp;
  time.textContent = new Date(event.timestamp).toLocaleTimeString(localeOfPage());
  const link = document.createElement("a");
  link.href = `${document.body.dataset.base ?? ""}/events/${encodeURIComponent(event.id)}`;
  link.textContent = event.type;
  const preview = document.createElement("p");
  preview.className = "quiet";
  preview.textContent = JSON.stringify(event.payload).slice(0, maxPreview);
  const contents = [time, link, event.tenant_id, event.source, event.severity, preview];
  for (const [column, content] of contents.entries()) {
    const cell = document.createElement("td");
    if (content !== null) cell.dataset.label = labels[column] ?? "";
    if (content !== null) cell.append(content);
    row.append(cell);
  }
  return row;
}
