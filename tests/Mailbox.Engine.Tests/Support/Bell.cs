namespace Mailbox.Engine.Tests;

/// <summary>Counts how often a reader was told that there is something.</summary>
sealed class Bell : IReaderSignal
{
    int _rings;

    public int Rings => Volatile.Read(ref _rings);

    public void Ready() => Interlocked.Increment(ref _rings);
}
