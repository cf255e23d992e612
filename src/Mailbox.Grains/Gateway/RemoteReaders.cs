using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// The readers that this process has at silos. Attaches them to their mailboxes, and again, as often as it takes, when they are lost. Safe from any thread.
/// </summary>
sealed partial class RemoteReaders : IDisposable
{
    static readonly TimeSpan s_openDeadline = TimeSpan.FromSeconds(20);

    readonly ConcurrentDictionary<long, RemoteReader> _readers = new();
    readonly CancellationTokenSource _stopping;
    readonly GridRequests _requests;
    readonly GridState _state;
    readonly TimeProvider _time;
    readonly ILogger _log;
    long _lastId;
    int _reattaching;

    public RemoteReaders(GridRequests requests, GridState state, TimeProvider time, ILogger<RemoteReaders> log)
    {
        (_requests, _state, _time, _log) = (requests, state, time, log);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(state.Lost);
        requests.SessionEnded += Lose;
    }

    /// <summary>For tests: whether no reader is being attached again.</summary>
    internal bool IsQuiet => Volatile.Read(ref _reattaching) == 0;

    public RemoteReader? Find(long id) => _readers.GetValueOrDefault(id);

    public void Remove(RemoteReader reader) => _readers.TryRemove(reader.Id, out _);

    /// <summary>Opens a mailbox; tries again while nobody can answer, but not for long, and not at all where no silo is known.</summary>
    public async Task<OpenResult> OpenAsync(MailboxName mailbox, OpenRequest request, IReaderSignal? signal, CancellationToken cancel)
    {
        var reader = new RemoteReader(this, Interlocked.Increment(ref _lastId), mailbox, request, signal);
        _readers[reader.Id] = reader;
        try
        {
            var (backoff, start) = (new Backoff(_time), _time.GetTimestamp());
            var outcome = OpenOutcome.Unavailable;
            while (_state.HasSilo)
            {
                outcome = await AttachAsync(reader).WaitAsync(cancel).ConfigureAwait(false);
                if (outcome != OpenOutcome.Unavailable || _time.GetElapsedTime(start) >= s_openDeadline) break;
                await backoff.WaitAsync(cancel).ConfigureAwait(false);
            }
            if (outcome == OpenOutcome.Opened) return new(outcome, reader);
            reader.Close();
            return new(outcome);
        }
        catch
        {
            reader.Close();
            throw;
        }
    }

    /// <summary>The session is over: its readers attach again.</summary>
    public void Lose(SiloSession session)
    {
        foreach (var reader in _readers.Values) reader.Lose(session);
    }

    /// <summary>The reader has no attachment any more and needs one.</summary>
    public async void Reattach(RemoteReader reader)
    {
        Interlocked.Increment(ref _reattaching);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            var backoff = new Backoff(_time);
            while (!reader.IsClosed)
            {
                if (_state.HasSilo && await AttachAsync(reader).WaitAsync(_stopping.Token).ConfigureAwait(false) == OpenOutcome.Opened) return;
                await backoff.WaitAsync(_stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The process is leaving.
        }
        catch (Exception fault)
        {
            LogGaveUp(reader.Mailbox, fault);
        }
        finally
        {
            Interlocked.Decrement(ref _reattaching);
        }
    }

    async Task<OpenOutcome> AttachAsync(RemoteReader reader)
    {
        var request = reader.NewAttachment();
        var (attached, by) = await _requests.AskAsync(
            reader.Mailbox.ToString(), SessionLane.Control, request, 0, static (answer, by) => (Attached: (Attached)answer, By: (SiloSession?)by),
            static answer => answer.Attached.Outcome == OpenOutcome.Unavailable, isRepeatable: false,
            static _ => (new Attached(OpenOutcome.Unavailable), null)).ConfigureAwait(false);
        if (attached.Outcome != OpenOutcome.Opened) return attached.Outcome;
        if (!reader.Attach(request.Key, attached, by!)) by!.Report(new(request.Key, default, IsClosed: true));
        // It may have ended before the reader knew that it is attached there.
        else if (by!.IsEnded) reader.Lose(by);
        return OpenOutcome.Opened;
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    [LoggerMessage(3103, LogLevel.Error, "A reader of {Mailbox} is not attached again.")]
    partial void LogGaveUp(MailboxName mailbox, Exception fault);
}
