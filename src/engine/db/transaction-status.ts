/** What it takes of a connection: what the server says, message by message. */
interface Messages {
  on(event: "readyForQuery", told: (message: { readonly status: string }) => void): unknown;
  on(event: "errorMessage", told: () => void): unknown;
}

/**
 * Whether a transaction is open on a connection, as the server says behind each answer, whatever the statement was.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-READYFORQUERY
 */
export interface TransactionStatus {
  /** As of the last answer. */
  isOpen(): boolean;
  /** Until the answer is complete of which an error was a part, or the connection is lost: an error comes before its end. */
  settled(): Promise<void>;
}

/**
 * @param messages of a connection that is there; while it is made the driver takes listeners away
 * @param ended fulfilled when it is lost
 */
export function watchStatus(messages: Messages, ended: Promise<void>): TransactionStatus {
  let isOpen = false;
  let answer: PromiseWithResolvers<void> | null = null;
  messages.on("errorMessage", () => {
    answer ??= Promise.withResolvers();
  });
  messages.on("readyForQuery", ({ status }) => {
    isOpen = status !== "I";
    answer?.resolve();
    answer = null;
  });
  return {
    isOpen: () => isOpen,
    async settled() {
      if (answer !== null) await Promise.race([answer.promise, ended]);
    },
  };
}
