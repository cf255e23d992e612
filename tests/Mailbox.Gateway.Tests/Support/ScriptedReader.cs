using System.Collections.Concurrent;
using Mailbox.Storage;

namespace Mailbox.Gateway.Tests;

/// <summary>A reader that gives what a test says, in batches of what each <see cref="Give"/> had.</summary>
sealed class ScriptedReader : IMailboxReader
{
    readonly ConcurrentQueue<Received[]> _batches = new();
    int _written;

    public IReaderSignal? Signal { get; set; }

    public MailboxName Mailbox => MailboxName.Parse("m");

    public Position Position { get; private set; } = new(1, 0);

    public Ending? Ending { get; private set; }

    /// <summary>The store cannot be read.</summary>
    public bool IsCold { get; set; }

    public bool IsClosed { get; private set; }

    public int WrittenCalls => Volatile.Read(ref _written);

    public static Received Letter(long sequence, string text, string contentType = "text/plain") => Letter(sequence, System.Text.Encoding.UTF8.GetBytes(text), contentType);

    public static Received Letter(long sequence, byte[] body, string contentType = "text/plain", string? type = null) => new(
        new(1, sequence),
        new() { ContentType = contentType, Body = body, Type = type, At = DateTimeOffset.UnixEpoch, Expires = DateTimeOffset.MaxValue },
        null);

    public static Received Gap(long from, long to, GapReason reason) => new(new(1, to), null, new(new(1, from), new(1, to), reason));

    public void Give(params Received[] batch)
    {
        _batches.Enqueue(batch);
        Signal?.Ready();
    }

    public void End(Ending ending)
    {
        Ending = ending;
        Signal?.Ready();
    }

    public ReadStatus TryRead(ICollection<Received> into)
    {
        if (IsCold) return ReadStatus.Cold;
        if (!_batches.TryDequeue(out var batch)) return Ending is null ? ReadStatus.Empty : ReadStatus.Ended;
        foreach (var received in batch) into.Add(received);
        Position = batch[^1].Position;
        return ReadStatus.Read;
    }

    public ValueTask LoadAsync(CancellationToken cancel = default) => throw new StoreException("The store cannot be read.");

    public void Written() => Interlocked.Increment(ref _written);

    public void Close() => IsClosed = true;
}
