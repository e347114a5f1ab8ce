import type { Visit } from "../page.ts";

/** Names that the line is completed with. */
export interface Vocabulary {
  readonly types: readonly string[];
  readonly modules: readonly string[];
}

interface DeclaredEvents {
  readonly events: readonly { readonly type: string; readonly module: string }[];
}

export async function vocabulary(visit: Visit): Promise<Vocabulary> {
  const catalog = await visit.api.find<DeclaredEvents>("/api/catalog", { observed: false });
  const events = catalog?.events ?? [];
  const sorted = (names: readonly string[]) => [...new Set(names)].toSorted();
  return {
    types: sorted(events.map(({ type }) => type)),
    modules: sorted(events.map(({ module }) => module)),
  };
}
