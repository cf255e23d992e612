namespace Mailbox.Storage.Journal;

/// <summary>
/// Gives out epochs: 24 bits of incarnation, which changes when a copy is restored, and 40 of a counter. Counters are reserved in
/// the journal in blocks before they are given out, so that none is given twice whatever is lost. Safe from any thread.
/// </summary>
/// <param name="ceiling">Counters up to it may have been given out.</param>
/// <param name="reserve">Reserves counters up to a number durably.</param>
sealed class EpochCounter(uint incarnation, ulong ceiling, Action<ulong> reserve)
{
    public const int Bits = 40;
    const ulong Block = 1 << 16;

    readonly object _lock = new();
    ulong _counter = ceiling;
    ulong _ceiling = ceiling;

    public ulong Ceiling
    {
        get
        {
            lock (_lock) return _ceiling;
        }
    }

    public static ulong CounterOf(ulong epoch) => epoch & ((1UL << Bits) - 1);

    public static ulong EpochOf(uint incarnation, ulong counter) => ((ulong)incarnation << Bits) | counter;

    public ulong Next()
    {
        lock (_lock)
        {
            if (_counter == _ceiling)
            {
                reserve(_ceiling + Block);
                _ceiling += Block;
            }
            return EpochOf(incarnation, ++_counter);
        }
    }
}
