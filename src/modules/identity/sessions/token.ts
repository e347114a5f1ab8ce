import { hashSecret, newSecret } from "../api-key.ts";

/*
 * The token of a session: 256 random bits, of which the first half stays the same for as long as the session goes on. So
 * every token that it ever had leads to it, and one that is no longer good is known for a copy.
 */

/** Characters of base64url: 126 bits. The rest has 130. */
const familyLength = 21;

export function firstToken(): string {
  return newSecret();
}

export function nextToken(token: string): string {
  return token.slice(0, familyLength) + newSecret().slice(familyLength);
}

/** What is stored of the part that all tokens of a session have in common. */
export function hashFamily(token: string): Promise<string> {
  return hashSecret(token.slice(0, familyLength));
}
