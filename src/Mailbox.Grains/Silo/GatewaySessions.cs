using System.Collections.Concurrent;
using Mailbox.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// The silo's ends of its sessions with gateways. A gateway that takes no batch, or says nothing for a while, is dropped with its readers; it hears so when it
/// sends the next batch, and attaches them again. Safe from any thread.
/// </summary>
sealed partial class GatewaySessions : IDisposable
{
    static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);
    static readonly TimeSpan s_silence = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<string, GatewaySession> _sessions = new();
    readonly Lock _gate = new();
    readonly MailboxEngine _engine;
    readonly Lazy<IMailboxGrid> _grid;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly ITimer _timer;

    /// <param name="services">The grid of all silos is found when it is needed: in a silo that is a gateway, too, it needs this one.</param>
    public GatewaySessions(MailboxEngine engine, IServiceProvider services, TimeProvider time, ILogger<GatewaySessions> log)
    {
        (_engine, _time, _log) = (engine, time, log);
        _grid = new(services.GetRequiredService<IMailboxGrid>);
        _timer = time.CreateTimer(static sessions => ((GatewaySessions)sessions!).DropSilent(), this, s_every, s_every);
    }

    /// <summary>As <see cref="IMailboxHub.Take"/>.</summary>
    public bool Take(SessionBatch batch)
    {
        if (SessionOf(batch) is not { } session) return false;
        session.Hear();
        lock (session.Gate)
        {
            var isBeat = batch.Reports.Length == 0 && batch.Requests.Length == 0;
            ref var last = ref session.LastOf(batch.Lane);
            if (batch.Number <= last) return true;
            if (isBeat || batch.Number != last + 1)
            {
                Drop(session);
                return false;
            }
            last = batch.Number;
            foreach (var report in batch.Reports) session.Take(report);
            foreach (var request in batch.Requests) _ = DoAsync(session, request);
            return true;
        }
    }

    /// <returns>Null where the gateway has begun a later session.</returns>
    GatewaySession? SessionOf(SessionBatch batch)
    {
        if (_sessions.TryGetValue(batch.Gateway, out var session) && session.Number == batch.Session) return session;
        lock (_gate)
        {
            if (_sessions.TryGetValue(batch.Gateway, out session))
            {
                if (session.Number == batch.Session) return session;
                if (session.Number > batch.Session) return null;
                Drop(session);
            }
            return _sessions[batch.Gateway] = new(batch.Gateway, batch.Session, batch.Link, _time, Fail);
        }
    }

    /// <summary>Begins a request, in the order of the calls, and answers it when it is done.</summary>
    async Task DoAsync(GatewaySession session, PartitionRequest request)
    {
        object? answer = null;
        try
        {
            if (_engine.Partitions[request.Partition]?.Claim == request.Claim)
            {
                if (request.Body is PostRequest post)
                {
                    _engine.Post(post, result => session.Answer(request.Id, result));
                    return;
                }
                answer = request.Body switch
                {
                    AttachRequest attach => await AttachAsync(session, attach).ConfigureAwait(false),
                    AcknowledgeRequest acknowledge => await _engine.AcknowledgeAsync(acknowledge.Mailbox, acknowledge.Position).ConfigureAwait(false),
                    UplinkCall uplink => await _engine.UplinkAsync(
                        uplink.Mailbox, uplink.Request, _engine.Partitions.Count == 1 ? null : _grid.Value, CancellationToken.None).ConfigureAwait(false),
                    _ => throw new InvalidOperationException($"A request of type {request.Body.GetType()} is unknown."),
                };
            }
        }
        catch (Exception fault)
        {
            LogFailed(request.Body.GetType().Name, fault);
            answer = new RequestFailed(fault.Message);
        }
        session.Answer(request.Id, answer);
    }

    async Task<Attached> AttachAsync(GatewaySession session, AttachRequest request)
    {
        if (session.Add(request.Key) is not { } attachment) return new(OpenOutcome.Unavailable);
        try
        {
            var opened = await _engine.OpenAsync(request.Mailbox, request.Open, request.IsHeld ? attachment : null).ConfigureAwait(false);
            if (opened.Reader is not MailboxReader reader)
            {
                session.Remove(attachment);
                return new(opened.Outcome);
            }
            attachment.Begin(reader);
            var (items, ending) = await attachment.FirstPageAsync(request.IsHeld).ConfigureAwait(false);
            if (ending is not null) session.Remove(attachment);
            return new(OpenOutcome.Opened) { Start = attachment.Start, Items = items, Ending = ending };
        }
        catch
        {
            session.Remove(attachment);
            throw;
        }
    }

    /// <summary>For tests: a silo forgets a gateway, as it does after a failed batch.</summary>
    internal void Drop(string gateway)
    {
        if (_sessions.TryGetValue(gateway, out var session)) Drop(session);
    }

    /// <summary>For tests: whether nothing is on its way to any gateway.</summary>
    internal bool IsQuiet => _sessions.Values.All(static session => session.IsQuiet);

    internal int CountOf(string gateway) => _sessions.TryGetValue(gateway, out var session) ? session.Count : 0;

    void Fail(GatewaySession session, Exception fault)
    {
        LogDropped(session.Gateway, session.Count, fault);
        Drop(session);
    }

    void Drop(GatewaySession session)
    {
        _sessions.TryRemove(KeyValuePair.Create(session.Gateway, session));
        session.Drop();
    }

    void DropSilent()
    {
        foreach (var session in _sessions.Values)
            if (session.Silence >= s_silence) Drop(session);
    }

    public void Dispose() => _timer.Dispose();

    [LoggerMessage(3001, LogLevel.Warning, "Gateway {Gateway} took no batch: its {Count} readers are dropped.")]
    partial void LogDropped(string gateway, int count, Exception fault);

    [LoggerMessage(3002, LogLevel.Error, "A request ({Kind}) failed.")]
    partial void LogFailed(string kind, Exception fault);
}
