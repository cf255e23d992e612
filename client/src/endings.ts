// The mirror of the server's list (docs/protocol.md, "Endings"): WebSocket close code, and seconds to wait; -1 ends the mailbox for this reader.
const Endings = {
  draining: [1001, 1],
  moved: [1012, 0],
  unavailable: [1013, 5],
  slow: [4004, 1],
  silent: [4005, 1],
  'taken-over': [4001, -1],
  replaced: [4002, -1],
  deleted: [4003, -1],
  'bad-frame': [1007, -1],
  'bad-protocol': [1002, -1],
  'too-large': [1009, -1],
} as const;

/** Why a connection ended; the second line are the client's own words. */
export type Reason = keyof typeof Endings
  | 'opened' | 'stay-away' | 'offline' | 'frozen' | 'cut' | 'silence' | 'refused' | 'unauthorized' | 'busy' | 'closed';

/** What a WebSocket's close code says, where the frame before it was lost. */
export function endingOf(code: number) {
  for (const [reason, [known, after]] of Object.entries(Endings)) {
    if (known === code) return { reason, reconnect: after >= 0, after: Math.max(0, after) };
  }
  return undefined;
}
