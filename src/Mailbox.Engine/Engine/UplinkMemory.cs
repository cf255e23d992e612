namespace Mailbox.Engine;

/// <summary>
/// How long a client's accepted numbers are remembered: as long as its mailbox lives when nobody comes any more. In steps, because a
/// client that sends often would otherwise leave a trace of each time.
/// </summary>
static class UplinkMemory
{
    const uint StepSeconds = 3600;

    public static uint EndOf(Batch batch, LiveMailbox mailbox) =>
        (batch.NowSeconds + (uint)mailbox.State.Options.Idle.TotalSeconds) / StepSeconds * StepSeconds + 2 * StepSeconds;
}
