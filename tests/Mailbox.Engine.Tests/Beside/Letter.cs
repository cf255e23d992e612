namespace Mailbox.Engine.Tests;

/// <summary>A delivery, repeated until it is answered as stored where it has a key; else its answer may be that nobody knows.</summary>
sealed class Letter(string mailbox, int number, bool hasKey)
{
    PostOperation? _pending;
    Office? _at;

    public string Mailbox => mailbox;

    public string Body { get; } = $"{mailbox}{number}";

    public Position? Stored { get; private set; }

    public bool HasKey => hasKey;

    /// <summary>May be sent, for the first time or again.</summary>
    public bool IsOpen => _pending is null && Stored is null && (hasKey || _at is null);

    public void SendTo(Office office)
    {
        _at = office;
        var draft = Office.Draft(Body) with { IdempotencyKey = hasKey ? Body : null };
        _pending = new(office.Engine, new(draft, [Office.Name(mailbox)], [], []));
        // The operation itself, because its answer is there as soon as the writer has made its step.
        _ = office.Engine.AskAsync(_pending, CancellationToken.None).AsTask();
    }

    /// <summary>The process that it was sent to has died: there will be no answer.</summary>
    public void Lose(Office office)
    {
        if (_at == office) _pending = null;
    }

    public void Notice()
    {
        if (_pending is not { Answer: { IsCompleted: true } answer }) return;
        var result = answer.GetAwaiter().GetResult().To[0];
        _pending = null;
        if (result.Outcome == Outcome.Stored) Stored = result.Position;
        else Assert.Contains(result.Outcome, (Outcome[])[Outcome.NotOwner, Outcome.StoreFailed]);
    }
}
