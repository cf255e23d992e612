// A position's text is EPOCH.SEQUENCE. To other clients it is opaque; this one is released with the server and may look inside, which lets
// it drop what comes twice (two trucks, two tabs, a reconnect) without remembering what came.

/** Whether a reader at `before` does not have `position` yet. Another epoch is always news. */
export function isAfter(position: string, before: string | null): boolean {
  if (before === null) return true;
  const [epoch, sequence] = position.split('.');
  const [epochBefore, sequenceBefore] = before.split('.');
  return epoch !== epochBefore || Number(sequence) > Number(sequenceBefore);
}
