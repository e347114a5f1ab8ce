import { defineWords } from "../words.ts";

export const signInWords = defineWords({
  en: {
    title: "Sign in",
    key: "API key",
    keyHint: "One of your own, or the key that was printed at start.",
    signIn: "Sign in",
    signInAt: (issuer: string) => `Sign in at ${issuer}`,
    refused: "This key is not valid.",
    unsent: "You were not signed in any more: what you sent was not done. Sign in, then send it again.",
  },
  de: {
    title: "Anmelden",
    key: "API-Schlüssel",
    keyHint: "Ein eigener, oder der Schlüssel, der beim Start ausgegeben wurde.",
    signIn: "Anmelden",
    signInAt: (issuer: string) => `Anmelden bei ${issuer}`,
    refused: "Dieser Schlüssel ist nicht gültig.",
    unsent:
      "Sie waren nicht mehr angemeldet: Was Sie abgeschickt haben, wurde nicht getan. Melden Sie sich an und schicken Sie es noch einmal ab.",
  },
});
