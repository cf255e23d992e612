namespace Mailbox.Engine.Tests;

/// <summary>A client on a thread of its own, which waits for its signal, and leaves and comes back with its position now and then.</summary>
sealed class Pump(MailboxEngine engine, MailboxName mailbox, int seed, bool returns)
{
    readonly Random _random = new(seed);
    readonly List<string> _received = [];
    Rung _bell = new();
    IMailboxReader? _reader;
    Position? _position;

    public IReadOnlyList<string> Received => _received;

    /// <summary>How often it was called while it did not wait.</summary>
    public int Strays { get; private set; }

    public async Task OpenAsync()
    {
        var request = new OpenRequest { After = _position, From = StartFrom.Oldest, WindowMessages = 1 + _random.Next(64), Client = $"{mailbox}-{seed}" };
        var opened = await engine.OpenAsync(mailbox, request, _bell = new());
        Assert.Equal(OpenOutcome.Opened, opened.Outcome);
        _reader = opened.Reader!;
    }

    /// <summary>Reads until so many messages have come.</summary>
    public async Task RunAsync(int count, CancellationToken cancel)
    {
        var received = new List<Received>();
        while (_received.Count < count)
        {
            received.Clear();
            var status = _reader!.TryRead(received);
            foreach (var one in received) Take(one);
            if (status == ReadStatus.Cold) await _reader.LoadAsync(cancel);
            if (status == ReadStatus.Empty) await WaitAsync(cancel);
            if (_random.Next(3) == 0 || status == ReadStatus.WindowFull) _reader.Written();
            if (returns && _random.Next(40) == 0) await ReturnAsync();
        }
    }

    void Take(Received one)
    {
        Assert.True(one.Message is not null, $"{mailbox}: {Line.Tell([one])} was told, and nothing was lost.");
        _received.Add(Line.Tell([one]));
        _position = one.Position;
    }

    async Task WaitAsync(CancellationToken cancel)
    {
        await _bell.Rings.WaitAsync(cancel);
        if (_bell.Rings.CurrentCount > 0) Strays++;
    }

    async Task ReturnAsync()
    {
        _reader!.Close();
        await OpenAsync();
    }

    /// <summary>One for each connection: a former one may ring a last time.</summary>
    sealed class Rung : IReaderSignal
    {
        public SemaphoreSlim Rings { get; } = new(0);

        public void Ready() => Rings.Release();
    }
}
