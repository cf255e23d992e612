using System.Text;

namespace Mailbox.Grains.Tests;

/// <summary>A connection that reads whatever comes, as soon as it comes.</summary>
sealed class Listener : IReaderSignal
{
    readonly Lock _gate = new();
    readonly List<Received> _heard = [];
    IMailboxReader? _reader;

    public Ending? Ending { get; private set; }

    public IMailboxReader Reader => _reader!;

    /// <summary>The bodies so far; a gap is <c>gap</c>.</summary>
    public string Heard
    {
        get
        {
            lock (_gate) return string.Join(' ', _heard.Select(static one => one.Message is { } message ? Encoding.UTF8.GetString(message.Body.Span) : "gap"));
        }
    }

    public static async Task<Listener> OpenAsync(IMailboxGrid grid, MailboxName mailbox, OpenRequest? request = null)
    {
        var listener = new Listener();
        var opened = await grid.OpenAsync(mailbox, request ?? new(), listener);
        Assert.Equal(OpenOutcome.Opened, opened.Outcome);
        lock (listener._gate) listener._reader = opened.Reader;
        listener.Ready();
        return listener;
    }

    public void Ready() => Task.Run(Listen);

    void Listen()
    {
        lock (_gate)
        {
            if (_reader is null) return;
            while (_reader.TryRead(_heard) == ReadStatus.Read) _reader.Written();
            Ending = _reader.Ending;
        }
    }
}
