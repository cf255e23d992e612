namespace Mailbox.Engine.Tests;

/// <summary>
/// One client with its connection, which does one thing at a time: reads, loads, writes, leaves, comes back with the position it
/// has. It reads only when it may hope for something, so that a lost signal leaves it without its messages.
/// </summary>
sealed class Actor(Interleaving scene, int window, int reopens)
{
    readonly List<string> _received = [];
    IMailboxReader? _reader;
    Task<OpenResult>? _opening;
    TaskCompletionSource? _loading;
    Task _load = Task.CompletedTask;
    Position? _position;
    ReadStatus _status = ReadStatus.Read;
    int _reopens = reopens;
    int _connection;
    int _openedAt;

    public IReadOnlyList<string> Received => _received;

    /// <summary>Has something to do that needs nobody else.</summary>
    public bool CanStep => _opening is null && (_status != ReadStatus.Empty || _reopens > 0);

    public void Step(Chooser choose)
    {
        if (_reader is null) Open();
        else if (_loading is { } loading) FinishLoading(loading);
        else if (_reopens > 0 && (_status == ReadStatus.Empty || choose.Next(4) == 3)) Leave();
        else if (_status == ReadStatus.Cold) StartLoading();
        else if (_status == ReadStatus.WindowFull) Write();
        else Read();
    }

    /// <summary>The writer has made a step: an open that was queued before it is answered.</summary>
    public void Notice()
    {
        if (_opening is null || _openedAt == scene.Steps) return;
        var result = _opening.GetAwaiter().GetResult();
        Assert.Equal(OpenOutcome.Opened, result.Outcome);
        (_reader, _opening, _status) = (result.Reader, null, ReadStatus.Read);
        // The client knows where it is from the first line of its stream.
        _position = _reader!.Position;
    }

    void Rang(int connection)
    {
        if (connection != _connection) return;
        Assert.True(_status == ReadStatus.Empty, "A reader was called that did not wait.");
        _status = ReadStatus.Read;
        scene.Interrupt();
    }

    void Open()
    {
        _connection++;
        var request = new OpenRequest { After = _position, From = StartFrom.Oldest, WindowMessages = window };
        _opening = scene.Office.Engine.OpenAsync(Interleaving.Mailbox, request, new Rung(this, _connection)).AsTask();
        _openedAt = scene.Steps;
        scene.NoteQueued();
    }

    void Leave()
    {
        _reopens--;
        _connection++;
        _reader!.Close();
        (_reader, _status) = (null, ReadStatus.Read);
        scene.NoteQueued();
    }

    void StartLoading()
    {
        _loading = new();
        scene.Office.Store.Reading = () => _loading.Task;
        _load = _reader!.LoadAsync().AsTask();
        scene.Office.Store.Reading = null;
    }

    void FinishLoading(TaskCompletionSource loading)
    {
        _loading = null;
        loading.SetResult();
        _load.GetAwaiter().GetResult();
        _status = ReadStatus.Read;
    }

    void Write()
    {
        _reader!.Written();
        _status = ReadStatus.Read;
    }

    void Read()
    {
        var received = new List<Received>();
        _status = _reader!.TryRead(received);
        foreach (var one in received)
        {
            Assert.True(one.Message is not null, $"{Line.Tell([one])} was told, and nothing was lost.");
            _received.Add(Line.Tell([one]));
            _position = one.Position;
        }
        Assert.NotEqual(ReadStatus.Ended, _status);
    }

    sealed class Rung(Actor actor, int connection) : IReaderSignal
    {
        public void Ready() => actor.Rang(connection);
    }
}
