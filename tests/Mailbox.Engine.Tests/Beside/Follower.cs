namespace Mailbox.Engine.Tests;

/// <summary>A client of one mailbox, which goes on at whichever engine has it. Each message must follow on the one before.</summary>
/// <param name="acknowledges">Only where it is alone: what one acknowledges another may not get.</param>
sealed class Follower(string mailbox, bool acknowledges)
{
    readonly List<string> _received = [];
    IMailboxReader? _reader;
    Office? _at;
    Position? _position;
    bool _isBusy;

    public string Mailbox => mailbox;

    public IReadOnlyList<string> Received => _received;

    public bool IsOpen => _reader is not null;

    /// <summary>Its connection needs this engine's writer for no more than reading.</summary>
    public void Step(Office office, Chooser choose)
    {
        // It waits for an engine, which lets others go on meanwhile.
        if (_isBusy) return;
        _isBusy = true;
        Go(office, choose);
        _isBusy = false;
    }

    void Go(Office office, Chooser choose)
    {
        if (_reader is null) Open(office, resumes: _position is not null && (!acknowledges || choose.Next(3) > 0));
        else if (choose.Next(8) == 0 && _at == office) Leave();
        else if (acknowledges && choose.Next(4) == 0 && _at == office) Acknowledge(office);
        else Read();
    }

    public void Open(Office office, bool resumes)
    {
        var request = new OpenRequest { After = _position, Resumes = resumes, From = StartFrom.Oldest, WindowMessages = 3 };
        var result = office.TryOpen(mailbox, request).Result;
        if (result.Outcome == OpenOutcome.Unavailable) return;
        Assert.Equal(OpenOutcome.Opened, result.Outcome);
        (_reader, _at) = (result.Reader, office);
    }

    public void Read()
    {
        var received = new List<Received>();
        ReadStatus status;
        while ((status = _reader!.TryRead(received)) != ReadStatus.Empty && status != ReadStatus.Ended)
        {
            if (status == ReadStatus.Cold) _reader.LoadAsync().AsTask().GetAwaiter().GetResult();
            if (status == ReadStatus.WindowFull) _reader.Written();
        }
        foreach (var one in received) Take(one);
        if (status == ReadStatus.Ended) Leave();
        else _reader.Written();
    }

    public void Leave()
    {
        _reader?.Close();
        _reader = null;
    }

    /// <summary>The process that held its connection has died.</summary>
    public void Lose(Office office)
    {
        if (_at == office) _reader = null;
    }

    void Take(Received one)
    {
        Assert.True(one.Message is not null, $"{Line.Tell([one])} was told, and nothing was lost.");
        Assert.Equal(_received.Count + 1, one.Position.Sequence);
        Assert.Equal(_position?.Epoch ?? one.Position.Epoch, one.Position.Epoch);
        _received.Add(Line.Tell([one]));
        _position = one.Position;
    }

    void Acknowledge(Office office)
    {
        if (_position is { } position) office.Acknowledge(mailbox, position);
    }
}
