// The mirror of the server's list (docs/protocol.md, "Endings"), by WebSocket close code; -1 marks what ends the mailbox for this reader.
const Endings = {
  draining: { code: 1001, after: 1 },
  moved: { code: 1012, after: 0 },
  unavailable: { code: 1013, after: 5 },
  slow: { code: 4004, after: 1 },
  silent: { code: 4005, after: 1 },
  'taken-over': { code: 4001, after: -1 },
  replaced: { code: 4002, after: -1 },
  deleted: { code: 4003, after: -1 },
  'bad-frame': { code: 1007, after: -1 },
  'bad-protocol': { code: 1002, after: -1 },
  'too-large': { code: 1009, after: -1 },
} as const;

/** Why a connection ended; the second line are the client's own words. */
export type Reason = keyof typeof Endings
  | 'opened' | 'stay-away' | 'offline' | 'frozen' | 'cut' | 'silence' | 'refused' | 'unauthorized' | 'busy' | 'closed';

/** What a WebSocket's close code says, where the frame before it was lost. */
export function endingOf(code: number) {
  for (const [reason, ending] of Object.entries(Endings)) {
    if (ending.code === code) return { reason, reconnect: ending.after >= 0, after: Math.max(0, ending.after) };
  }
  return undefined;
}
