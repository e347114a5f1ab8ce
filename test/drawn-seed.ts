/**
 * The seed of what tests draw, the same in each run: a build that fails repeats, and one change is not refused for the
 * fault of another. Null: new cases, which `BRAIN_PROPERTY_SEED=random npm test` asks for.
 */
export function drawnSeed(): number | null {
  const asked = process.env.BRAIN_PROPERTY_SEED ?? "20260101";
  return asked === "random" ? null : Number(asked);
}

/** The same, for what needs a seed of its own and tells it. */
export function toldSeed(): number {
  return drawnSeed() ?? Date.now() % 1_000_000;
}
