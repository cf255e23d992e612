// In the order of their story: each mends what was wrong with the one before.
export const strategies = [
  {
    name: 'poll', title: 'Polling', options: { every: 2 },
    says: 'One truck goes round every two seconds, mail or no mail.',
  },
  {
    name: 'slow-and-fast', title: 'Slow and fast',
    says: 'One waits at the depot. Another carries what the browser says, and comes home empty.',
  },
  {
    name: 'fleet', title: 'Expanding fleet', options: { trucks: 3 }, apart: true,
    says: 'Whatever truck brings something stays at the depot, up to three of them.',
  },
  {
    name: 'ping-pong', title: 'Ping-pong', apart: true,
    says: 'One always waits. When either side has something it drives, and the next one comes.',
  },
  {
    name: 'sse', title: 'Event stream', belts: 'down',
    says: 'The truck unrolls a belt: one answer without end. Words and receipts drive beside it.',
  },
  {
    name: 'websocket', title: 'WebSocket', belts: 'both',
    says: 'One truck lays a belt each way. None drives again until somebody hangs up.',
  },
];
