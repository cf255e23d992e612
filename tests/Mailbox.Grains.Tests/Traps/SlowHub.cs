using System.Collections.Concurrent;

namespace Mailbox.Grains.Tests;

/// <summary>The hub of a silo that takes a report when a test says so.</summary>
sealed class SlowHub : IMailboxHub
{
    TaskCompletionSource _answer = new();

    public ConcurrentQueue<ReaderReport[]> Calls { get; } = [];

    public Task CalledAsync(int times) => Wait.UntilAsync(() => Calls.Count == times);

    public void Answer() => _answer.SetResult();

    public void Refuse() => _answer.SetException(new TimeoutException());

    public Task Report(GatewayReport report)
    {
        _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Calls.Enqueue(report.Readers);
        return _answer.Task;
    }

    public Task<AuditAnswer> Audit(AuditRequest request) => throw new NotSupportedException();

    public Task<PassedParts> Apply(PassedParts operations) => throw new NotSupportedException();

    public Task<NamesPart> GroupPart(GroupName group, string? after, int limit) => throw new NotSupportedException();

    public Task<NamesPart> List(string? after, int limit) => throw new NotSupportedException();
}
