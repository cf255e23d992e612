namespace Mailbox.Storage;

/// <summary>
/// The end of a message's time to live in 32 bits: quarters of a second since 2020, until 2054. Seconds would let a message with a time
/// to live of one second live for two.
/// </summary>
public static class ExpiryTick
{
    const long TicksPerQuarter = TimeSpan.TicksPerSecond / 4;
    static readonly long s_origin = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;

    /// <summary>The first tick that is not before a time: nothing ends early.</summary>
    public static uint NotBefore(DateTimeOffset time) => Clamp(time.UtcTicks - s_origin + TicksPerQuarter - 1);

    /// <summary>The last tick that has come.</summary>
    public static uint Now(DateTimeOffset time) => Clamp(time.UtcTicks - s_origin);

    public static DateTimeOffset TimeOf(uint tick) => new(s_origin + tick * TicksPerQuarter, TimeSpan.Zero);

    static uint Clamp(long ticks) => (uint)Math.Clamp(ticks / TicksPerQuarter, 0, uint.MaxValue);
}
