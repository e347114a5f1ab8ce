/** A time as answers have it; null: it has not come. */
export const isoOrNull = (time: Date | null): string | null => time?.toISOString() ?? null;
