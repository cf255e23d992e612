namespace Mailbox.Storage.PostgreSql;

/// <summary>How many keys of group sends this process stored and has not forgotten (spec M13). Safe from any thread.</summary>
sealed class KeyBound(int most)
{
    readonly Lock _gate = new();
    readonly Queue<uint> _ends = [];

    public bool HasRoom(DateTimeOffset now)
    {
        lock (_gate)
        {
            while (_ends.TryPeek(out var end) && end <= now.ToUnixTimeSeconds()) _ends.Dequeue();
            return _ends.Count < most;
        }
    }

    public void Add(uint end)
    {
        lock (_gate) _ends.Enqueue(end);
    }
}
