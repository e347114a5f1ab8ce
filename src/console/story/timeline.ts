import { irApprovalConsumed, irApprovalCreated, irApprovalExpired } from "@brain/schemas";
import type { StoryEvent, StoryOrigin } from "../../http/kit/answers/events.ts";

/*
 * A story from its beginning to its end: a row for each event, in the lane of the module that published it, with lines
 * from causes to effects, and rows for the time in between when it is long.
 */

export type StoryNode = StoryEvent | StoryOrigin;

/** No type of an event is one of these two words. */
export const isOrigin = (node: StoryNode): node is StoryOrigin =>
  node.type === "request" || node.type === "job";

/** Why nothing happened for a while. */
export type GapKind = "waiting" | "retries" | "approval";

export interface Gap {
  readonly ms: number;
  readonly kind: GapKind;
  /** How much room it takes, 1 to 4: ten times as long is one more. */
  readonly step: number;
  /** It has not ended. */
  readonly isOpen: boolean;
}

export interface Drawn {
  /** Lanes in which a line goes through from top to bottom. */
  readonly through: readonly number[];
}

export interface TimelineRow extends Drawn {
  readonly node: StoryNode;
  readonly lane: number;
  /** Since the beginning of the story. */
  readonly atMs: number;
  /** Since its cause; null: its cause is not in the story. */
  readonly afterCauseMs: number | null;
  /** The lane from which a line comes in. */
  readonly from: number | null;
  /** It caused something further down. */
  readonly hasEffects: boolean;
  /** In front of it; null: hardly any. */
  readonly gap: (Gap & Drawn) | null;
}

export interface Timeline {
  readonly rows: readonly TimelineRow[];
  /** Names by their places. The last one may be `others`. */
  readonly lanes: readonly string[];
  readonly others: boolean;
  /** What is still being waited for at the end; null: nothing is known of. */
  readonly openGap: Gap | null;
}

/** More modules share the last lane. */
const maxLanes = 8;
/** Shorter gaps are not told, ms. */
const minGapMs = 1_000;

export function timelineOf(nodes: readonly StoryNode[], now: Date): Timeline {
  const sorted = nodes
    .map((node, place) => ({ node, place, ms: Date.parse(node.timestamp) }))
    // Of what happened in one millisecond the order of the tree is right.
    .sort((a, b) => a.ms - b.ms || a.place - b.place);
  const names = [...new Set(sorted.map(({ node }) => laneName(node)))];
  const others = names.length > maxLanes;
  const lanes = others ? names.slice(0, maxLanes - 1) : names;
  const laneOf = (node: StoryNode) => {
    const place = lanes.indexOf(laneName(node));
    return place === -1 ? maxLanes - 1 : place;
  };
  const placeOf = new Map(sorted.map(({ node }, place) => [node.id.toLowerCase(), place]));
  const causes = sorted.map(({ node }, place) => {
    const cause = causeOf(node, placeOf);
    // Clocks of other programs differ: an effect may be told before its cause.
    return cause !== null && cause < place ? cause : null;
  });
  const lastEffect = new Map<number, number>();
  for (const [place, cause] of causes.entries()) if (cause !== null) lastEffect.set(cause, place);
  const trunks = [...lastEffect].map(([cause, last]) => {
    const node = sorted[cause]?.node;
    return { cause, last, lane: node === undefined ? 0 : laneOf(node) };
  });
  const crossing = (test: (trunk: { readonly cause: number; readonly last: number }) => boolean) => [
    ...new Set(trunks.filter(test).map(({ lane }) => lane)),
  ];
  const first = sorted[0]?.ms ?? 0;
  const rows = sorted.map(({ node, ms }, place): TimelineRow => {
    const cause = causes[place] ?? null;
    const causing = cause === null ? undefined : sorted[cause];
    const before = sorted[place - 1];
    const gap = before === undefined ? null : gapBetween(nodes, before.ms, ms);
    return {
      node,
      lane: laneOf(node),
      atMs: ms - first,
      afterCauseMs: causing === undefined ? null : ms - causing.ms,
      from: causing === undefined ? null : laneOf(causing.node),
      hasEffects: lastEffect.has(place),
      through: crossing((trunk) => trunk.cause < place && trunk.last > place),
      gap:
        gap === null
          ? null
          : { ...gap, through: crossing((trunk) => trunk.cause < place && trunk.last >= place) },
    };
  });
  const last = sorted.at(-1)?.ms ?? 0;
  return { rows, lanes, others, openGap: openGapOf(nodes, last, now.getTime()) };
}

function laneName(node: StoryNode): string {
  if (isOrigin(node)) return node.type;
  return node.module ?? node.source;
}

function causeOf(node: StoryNode, placeOf: ReadonlyMap<string, number>): number | null {
  if (isOrigin(node)) return null;
  const { causation_id: cause, origin_id: origin } = node;
  return placeOf.get(cause?.toLowerCase() ?? "") ?? placeOf.get(origin?.toLowerCase() ?? "") ?? null;
}

function gapBetween(nodes: readonly StoryNode[], fromMs: number, toMs: number): Gap | null {
  const ms = toMs - fromMs;
  if (ms < minGapMs) return null;
  return { ms, kind: kindOf(nodes, fromMs, toMs), step: stepOf(ms), isOpen: false };
}

const stepOf = (ms: number) => Math.min(4, Math.max(1, Math.floor(Math.log10(ms)) - 2));

function kindOf(nodes: readonly StoryNode[], fromMs: number, toMs: number): GapKind {
  if (approvalsOf(nodes).some(({ askedMs, decidedMs }) => askedMs <= fromMs && decidedMs >= toMs))
    return "approval";
  const isTried = nodes.some(
    (node) =>
      !isOrigin(node) &&
      node.dead_letters.some(
        ({ attempts = 1, first_failed_at: first, last_failed_at: last }) =>
          attempts > 1 &&
          first !== undefined &&
          last !== undefined &&
          Date.parse(first) < toMs &&
          Date.parse(last) > fromMs,
      ),
  );
  return isTried ? "retries" : "waiting";
}

interface Approval {
  readonly askedMs: number;
  /** Infinity: it is not decided. */
  readonly decidedMs: number;
}

/** An approval is asked for, and later consumed or expired; both tell its id. */
function approvalsOf(nodes: readonly StoryNode[]): readonly Approval[] {
  const idOf = (node: StoryNode) =>
    isOrigin(node) || typeof node.payload !== "object" || node.payload === null
      ? null
      : ((node.payload as Readonly<Record<string, unknown>>).approval_id ?? null);
  const ends: readonly string[] = [irApprovalConsumed.type, irApprovalExpired.type];
  return nodes.flatMap((node) => {
    if (node.type !== irApprovalCreated.type) return [];
    const end = nodes.find(
      (one) => ends.includes(one.type) && idOf(one) !== null && idOf(one) === idOf(node),
    );
    const decidedMs = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end.timestamp);
    return [{ askedMs: Date.parse(node.timestamp), decidedMs }];
  });
}

function openGapOf(nodes: readonly StoryNode[], lastMs: number, nowMs: number): Gap | null {
  const ms = nowMs - lastMs;
  if (ms < minGapMs) return null;
  const gap = { ms, step: stepOf(ms), isOpen: true };
  if (approvalsOf(nodes).some(({ decidedMs }) => decidedMs === Number.POSITIVE_INFINITY))
    return { ...gap, kind: "approval" };
  const hasOpenLetter = nodes.some(
    (node) => !isOrigin(node) && node.dead_letters.some(({ status }) => status === "open"),
  );
  // It waits for somebody: nobody tries it again by itself.
  return hasOpenLetter ? { ...gap, kind: "waiting" } : null;
}
