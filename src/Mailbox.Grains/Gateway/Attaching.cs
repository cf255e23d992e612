using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Attaches readers to their mailboxes, wherever those are, and attaches them again when they are lost: as often as it takes, a bounded
/// number at once.
/// </summary>
sealed partial class Attaching : IDisposable
{
    const int MostAtOnce = 512;

    static readonly TimeSpan s_openDeadline = TimeSpan.FromSeconds(20);

    readonly ConcurrentDictionary<SiloAddress, Uplink> _uplinks = new();
    readonly SemaphoreSlim _slots = new(MostAtOnce);
    readonly CancellationTokenSource _stopping;
    readonly RemoteReaders _readers;
    readonly GatewayLink _link;
    readonly GridServices _grid;
    readonly MailboxHubs _hubs;
    readonly GridState _state;
    readonly TimeProvider _time;
    readonly ILogger _log;
    int _reattaching;

    public Attaching(
        RemoteReaders readers, GatewayLink link, GridServices grid, MailboxHubs hubs, GridState state, ILogger<Attaching> log)
    {
        (_readers, _link, _grid, _hubs, _state, _time, _log) = (readers, link, grid, hubs, state, grid.Time, log);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(state.Lost);
        Gateway = grid.Silo.SiloAddress.ToParsableString();
        readers.Lost += reader => _ = ReattachAsync(reader);
        readers.Reported += Report;
    }

    /// <summary>The name of this process among gateways.</summary>
    public string Gateway { get; }

    /// <summary>Silos that readers were attached to.</summary>
    public IEnumerable<SiloAddress> Silos => _uplinks.Keys;

    /// <summary>For tests: whether nothing is on its way to any silo.</summary>
    internal bool IsQuiet => _uplinks.Values.All(static uplink => uplink.IsQuiet) && Volatile.Read(ref _reattaching) == 0;

    /// <summary>The silo has left the cluster.</summary>
    public void Forget(SiloAddress silo)
    {
        _uplinks.TryRemove(silo, out _);
        _readers.Lose(silo);
    }

    /// <summary>Opens a mailbox; tries again while nobody can answer, but not for long, and not at all where no silo is known.</summary>
    public async Task<OpenOutcome> OpenAsync(RemoteReader reader, CancellationToken cancel)
    {
        var (backoff, start) = (new Backoff(_time), _time.GetTimestamp());
        while (_state.HasSilo)
        {
            var outcome = await TryAttachAsync(reader).WaitAsync(cancel).ConfigureAwait(false);
            if (outcome != OpenOutcome.Unavailable || _time.GetElapsedTime(start) >= s_openDeadline) return outcome;
            await backoff.WaitAsync(cancel).ConfigureAwait(false);
        }
        return OpenOutcome.Unavailable;
    }

    async Task ReattachAsync(RemoteReader reader)
    {
        Interlocked.Increment(ref _reattaching);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await ReattachAsync(reader, _stopping.Token).ConfigureAwait(false);
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

    async Task ReattachAsync(RemoteReader reader, CancellationToken cancel)
    {
        var backoff = new Backoff(_time);
        while (!reader.IsClosed)
        {
            await _slots.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                if (_state.HasSilo && await TryAttachAsync(reader).ConfigureAwait(false) == OpenOutcome.Opened) return;
            }
            finally
            {
                _slots.Release();
            }
            await backoff.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    async Task<OpenOutcome> TryAttachAsync(RemoteReader reader)
    {
        var request = reader.NewAttachment(Gateway, _link.Reference, reader.FollowsOthers ? UnconfirmedOf(reader.Mailbox) : []);
        try
        {
            var attached = await _grid.Of(reader.Mailbox).Attach(request).WaitAsync(_state.Lost).ConfigureAwait(false);
            if (attached is not { Outcome: OpenOutcome.Opened, Silo: { } silo }) return attached.Outcome;
            var uplink = UplinkTo(silo);
            if (!reader.Attach(request.Key, attached)) uplink.Enqueue(reader.Mailbox, new(request.Key, default, IsClosed: true));
            return OpenOutcome.Opened;
        }
        catch (Exception fault)
        {
            // Also when a silo says that it cancelled the call: it is about to leave, and this process is not.
            LogNotAttached(reader.Mailbox, fault);
            return OpenOutcome.Unavailable;
        }
    }

    void Report(SiloAddress silo, MailboxName mailbox, ReaderReport report)
    {
        if (!_stopping.IsCancellationRequested) UplinkTo(silo).Enqueue(mailbox, report);
    }

    ReaderReport[] UnconfirmedOf(MailboxName mailbox) => [.. _uplinks.Values.SelectMany(uplink => uplink.Unconfirmed(mailbox))];

    Uplink UplinkTo(SiloAddress silo) =>
        _uplinks.GetOrAdd(silo, static (silo, all) => new(all._hubs.Of(silo), all.Gateway, fault => all.NoteFailed(silo, fault)), this);

    void NoteFailed(SiloAddress silo, Exception fault)
    {
        if (_stopping.IsCancellationRequested) return;
        LogNoReports(silo, fault);
        _readers.Lose(silo);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    [LoggerMessage(3101, LogLevel.Debug, "Mailbox {Mailbox} could not be attached to; it is tried again.")]
    partial void LogNotAttached(MailboxName mailbox, Exception fault);

    [LoggerMessage(3102, LogLevel.Warning, "Silo {Silo} takes no reports: its readers attach again.")]
    partial void LogNoReports(SiloAddress silo, Exception fault);

    [LoggerMessage(3103, LogLevel.Error, "A reader of {Mailbox} is not attached again.")]
    partial void LogGaveUp(MailboxName mailbox, Exception fault);
}
