using System.Collections.Concurrent;
using Mailbox.Engine;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>The gateways that this silo pushes to. One that says nothing for a while, or leaves the cluster, is dropped with its readers.</summary>
sealed partial class Outboxes : IDisposable
{
    static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);
    static readonly TimeSpan s_silence = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<string, Outbox> _outboxes = new();
    readonly MailboxEngine _engine;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly ITimer _timer;

    public Outboxes(MailboxEngine engine, TimeProvider time, ILogger<Outboxes> log)
    {
        (_engine, _time, _log) = (engine, time, log);
        _timer = time.CreateTimer(static outboxes => ((Outboxes)outboxes!).DropSilent(), this, s_every, s_every);
    }

    /// <param name="closed">Called once the reader is closed, if it was opened.</param>
    public async Task<Attached> AttachAsync(MailboxName mailbox, AttachRequest request, SiloAddress silo, Action closed)
    {
        var outbox = For(request);
        Take(outbox, request.Reports);
        if (outbox.Add(request.Key, closed) is not { } attachment)
        {
            closed();
            return new(OpenOutcome.Unavailable);
        }
        try
        {
            var opened = await _engine.OpenAsync(mailbox, request.Open, request.IsHeld ? attachment : null).ConfigureAwait(false);
            if (opened.Reader is not MailboxReader reader) return Refuse(outbox, attachment, opened.Outcome);
            attachment.Begin(reader);
            var (items, ending) = await attachment.FirstPageAsync(request.IsHeld).ConfigureAwait(false);
            if (ending is not null) outbox.Remove(attachment);
            return new(OpenOutcome.Opened) { Silo = silo, Start = attachment.Start, Items = items, Ending = ending };
        }
        catch
        {
            outbox.Remove(attachment);
            throw;
        }
    }

    static Attached Refuse(Outbox outbox, Attachment attachment, OpenOutcome outcome)
    {
        outbox.Remove(attachment);
        return new(outcome);
    }

    Outbox For(AttachRequest request)
    {
        while (true)
        {
            var outbox = _outboxes.GetOrAdd(request.Gateway, Make, request.Link);
            outbox.Hear();
            if (!outbox.IsDropped) return outbox;
            _outboxes.TryRemove(KeyValuePair.Create(request.Gateway, outbox));
        }
    }

    Outbox Make(string gateway, IGatewayLink link) => new(gateway, link, _time, Fail);

    public void Report(GatewayReport report)
    {
        if (Heard(report.Gateway) is { } outbox) Take(outbox, report.Readers);
    }

    /// <summary>A report that comes twice changes nothing.</summary>
    static void Take(Outbox outbox, ReaderReport[] reports)
    {
        foreach (var reader in reports)
        {
            if (outbox.Find(reader.Key) is not { } attachment) continue;
            attachment.Written(reader.Written);
            if (reader.IsClosed) outbox.Remove(attachment);
        }
    }

    public AuditAnswer Audit(AuditRequest request)
    {
        var outbox = Heard(request.Gateway);
        if (request.Keys is { } keys) return Reconcile(outbox, keys);
        var agrees = outbox is null ? request.Count == 0 : outbox.Count == request.Count && AuditHash.Of(outbox.Keys) == request.Hash;
        return new(agrees, []);
    }

    static AuditAnswer Reconcile(Outbox? outbox, AttachmentKey[] keys)
    {
        if (outbox is null) return new(keys.Length == 0, keys);
        var known = keys.ToHashSet();
        foreach (var key in outbox.Keys)
            if (!known.Contains(key) && outbox.Find(key) is { } stray) outbox.Remove(stray);
        AttachmentKey[] missing = [.. keys.Where(key => outbox.Find(key) is null)];
        return new(missing.Length == 0, missing);
    }

    Outbox? Heard(string gateway)
    {
        if (!_outboxes.TryGetValue(gateway, out var outbox)) return null;
        outbox.Hear();
        return outbox;
    }

    /// <summary>For tests: a silo forgets a gateway, as it does after a failed batch.</summary>
    internal void Drop(string gateway)
    {
        if (_outboxes.TryRemove(gateway, out var outbox)) outbox.Drop();
    }

    /// <summary>For tests: whether nothing is on its way to any gateway.</summary>
    internal bool IsQuiet => _outboxes.Values.All(static outbox => outbox.IsQuiet);

    internal int CountOf(string gateway) => _outboxes.TryGetValue(gateway, out var outbox) ? outbox.Count : 0;

    void Fail(Outbox outbox, Exception fault)
    {
        LogDropped(outbox.Gateway, outbox.Count, fault);
        Forget(outbox);
    }

    void Forget(Outbox outbox)
    {
        _outboxes.TryRemove(KeyValuePair.Create(outbox.Gateway, outbox));
        outbox.Drop();
    }

    void DropSilent()
    {
        foreach (var outbox in _outboxes.Values)
            if (outbox.Silence >= s_silence) Forget(outbox);
    }

    public void Dispose() => _timer.Dispose();

    [LoggerMessage(3001, LogLevel.Warning, "Gateway {Gateway} took no batch: its {Count} readers are dropped.")]
    partial void LogDropped(string gateway, int count, Exception fault);
}
