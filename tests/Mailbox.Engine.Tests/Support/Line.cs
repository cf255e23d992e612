using System.Text;

namespace Mailbox.Engine.Tests;

/// <summary>One connection to a mailbox: a reader with its signal, read as a pump would.</summary>
/// <param name="settle">Waits until nothing is on its way to the reader.</param>
sealed class Line(IMailboxReader reader, Bell bell, Action? settle = null)
{
    public IMailboxReader Reader => reader;

    public Bell Bell => bell;

    public Position Position => reader.Position;

    public Ending? Ending => reader.Ending;

    /// <summary>Takes everything there is and writes it. Messages are told by their bodies, gaps as <c>[1-3 Overflow]</c>.</summary>
    public string Read() => Tell(ReadAll(write: true));

    /// <summary>Takes what the window admits, and writes nothing.</summary>
    public string Take() => Tell(ReadAll(write: false));

    public void Written() => reader.Written();

    public List<Received> ReadAll(bool write)
    {
        var received = new List<Received>();
        TakeInto(received);
        if (!write) return received;
        int before;
        do
        {
            before = received.Count;
            reader.Written();
            TakeInto(received);
        }
        while (received.Count > before);
        return received;
    }

    void TakeInto(List<Received> received)
    {
        settle?.Invoke();
        while (true)
        {
            var status = reader.TryRead(received);
            if (status == ReadStatus.Cold) reader.LoadAsync().AsTask().GetAwaiter().GetResult();
            else if (status != ReadStatus.Read) return;
        }
    }

    public static string Tell(IEnumerable<Received> received) => string.Join(' ', received.Select(Tell));

    static string Tell(Received received) => received switch
    {
        { Gap: { } gap } when gap.From.Epoch != gap.To.Epoch => $"[{gap.From.Sequence}-{gap.To.Sequence} {gap.Reason}]",
        { Gap: { } gap } => $"[{gap.From.Sequence + 1}-{gap.To.Sequence} {gap.Reason}]",
        _ => Encoding.UTF8.GetString(received.Message!.Body.Span),
    };
}
