namespace Mailbox.Storage;

/// <summary>
/// An epoch is 24 bits of incarnation, which changes when a log is restored, and 40 of a counter of its partition. Records name mailboxes by
/// the counter alone, so that a restored copy changes all epochs by changing one number.
/// </summary>
static class Epoch
{
    const int CounterBits = 40;

    public static ulong Of(uint incarnation, ulong counter) => ((ulong)incarnation << CounterBits) | counter;

    public static ulong CounterOf(ulong epoch) => epoch & ((1UL << CounterBits) - 1);

    public static bool HasIncarnation(ulong epoch) => epoch >> CounterBits != 0;
}
