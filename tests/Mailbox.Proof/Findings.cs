using System.Collections.Concurrent;

namespace Mailbox.Proof;

/// <summary>What was not as promised, each in one line. Thread-safe.</summary>
sealed class Findings
{
    readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public void Add(string line) => _lines.Enqueue(line);
}
