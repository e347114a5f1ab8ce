const maxRead = 2_000;
const maxLength = 500;

/**
 * What differs between two failures of one kind, most specific first; a later pattern sees the earlier ones'
 * placeholders. All of them take linear time.
 */
const placeholders: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/"[^"\n]*"|`[^`\n]*`|(?<![A-Za-z0-9])'[^'\n]*'(?![A-Za-z0-9])/g, "<text>"],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "<uuid>"],
  [/\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, "<time>"],
  [/(?<![A-Za-z0-9])(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{8,})(?![A-Za-z0-9])/gi, "<hex>"],
  // Ids of other systems: long, and letters and digits mixed.
  [/(?<![A-Za-z0-9])(?=[A-Za-z]*\d)[A-Za-z0-9]{16,}(?![A-Za-z0-9])/g, "<id>"],
  [/\d+(?:[.,]\d+)*/g, "<n>"],
  [/\s+/g, " "],
];

/**
 * An error message without what belongs to one occurrence: quoted texts, UUIDs, times, hex and other ids, and numbers
 * become placeholders. At most 500 characters. Pure; applied to its own result it changes nothing.
 */
export function normaliseMessage(message: string): string {
  let text = message.slice(0, maxRead);
  for (const [pattern, placeholder] of placeholders) text = text.replace(pattern, placeholder);
  return text.trim().slice(0, maxLength).trimEnd();
}

/** What makes two dead letters the same kind of failure. */
export interface FailureKind {
  readonly subscriber: string;
  /** Null when the entry could not be decoded. */
  readonly eventType: string | null;
  readonly errorClass: string;
  /** As thrown; it is normalised here. */
  readonly message: string;
}

/** 16 hex digits, the same for failures of one kind. Groups, it does not guard: no cryptographic hash. Pure. */
export function fingerprintOf({ subscriber, eventType, errorClass, message }: FailureKind): string {
  return hash64(JSON.stringify([subscriber, eventType, errorClass, normaliseMessage(message)]));
}

/** Two 32-bit lanes with multipliers of their own, mixed at the end. Stable across runtimes and releases. */
export function hash64(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
    b ^= b >>> 15;
  }
  a = Math.imul(a ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (a >>> 16), 0x27d4eb2f);
  return hex(a ^ (b >>> 15)) + hex(b ^ (a >>> 13));
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
