using Microsoft.Extensions.DependencyInjection;

namespace Mailbox.Grains.Tests;

/// <summary>A gateway whose silo is gone for good refuses, at once and without a call.</summary>
public sealed class LostSiloTests : IAsyncLifetime
{
    static readonly MailboxName s_a = Grid.Name("a");
    static readonly GroupName s_room = GroupName.Parse("room");

    readonly HeldCalls _calls = new();
    Grid _grid = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    GridState State => _grid.GatewaySilo.GetRequiredService<GridState>();

    public async ValueTask InitializeAsync() => _grid = await Grid.StartAsync(_calls);

    public async ValueTask DisposeAsync()
    {
        _calls.Release();
        await _grid.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_asked_of_anybody_any_more()
    {
        await _grid.DeliverAsync("a", "1");
        var before = _calls.Count;
        State.Lose();

        var grid = _grid.Mailboxes;
        Assert.False(grid.IsReady);
        Assert.Equal(Outcome.NotOwner, (await grid.DeliverAsync(s_a, Grid.Draft("2"), Cancel)).Outcome);
        Assert.Equal(Outcome.NotOwner, (await grid.DeliverAsync(s_a, Grid.Draft("3") with { IdempotencyKey = "k" }, Cancel)).Outcome);
        Assert.Equal(Outcome.NotOwner, (await grid.SendAsync(s_room, Grid.Draft("4"), cancel: Cancel)).Outcome);
        Assert.Equal(Outcome.NotOwner, (await grid.ChangeMembersAsync(s_room, [s_a], [], Cancel)).Outcome);
        Assert.Equal(Outcome.NotOwner, await grid.RemoveAsync(s_a, Cancel));
        var post = await grid.PostAsync(new(Grid.Draft("5"), [s_a], [s_room], []), Cancel);
        Assert.Equal((Outcome.NotOwner, Outcome.NotOwner), (post.To[0].Outcome, post.Groups[0].Outcome));
        Assert.Equal(AcknowledgeOutcome.Unavailable, await grid.AcknowledgeAsync(s_a, default, Cancel));
        Assert.Equal(OpenOutcome.Unavailable, (await grid.OpenAsync(s_a, new(), null, Cancel)).Outcome);
        Assert.Equal(before, _calls.Count);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("k")]
    public async Task A_delivery_under_way_is_answered_as_of_unknown_outcome(string? key)
    {
        _calls.Hold();
        var delivery = _grid.Mailboxes.DeliverAsync(s_a, Grid.Draft("1") with { IdempotencyKey = key }, Cancel).AsTask();
        await _calls.Held;
        State.Lose();
        Assert.Equal(Outcome.StoreFailed, (await delivery).Outcome);
    }

    [Fact]
    public async Task An_open_under_way_is_refused()
    {
        _calls.Hold();
        var open = _grid.Mailboxes.OpenAsync(s_a, new(), null, Cancel).AsTask();
        await _calls.Held;
        State.Lose();
        Assert.Equal(OpenOutcome.Unavailable, (await open).Outcome);
    }

    /// <summary>Of mailboxes and groups: counts them, and holds them when it is told.</summary>
    sealed class HeldCalls : IIncomingGrainCallFilter
    {
        readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        volatile bool _holds;
        int _count;

        public int Count => Volatile.Read(ref _count);

        public Task Held => _held.Task;

        public void Hold() => _holds = true;

        public void Release() => _released.TrySetResult();

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            var isRequest = context.MethodName == nameof(IMailboxHub.Take) && context.Request.GetArgument(0) is SessionBatch { Requests.Length: > 0 };
            if (!isRequest && context.Grain is not (IMailboxGrain or IGroupGrain))
            {
                await context.Invoke();
                return;
            }
            Interlocked.Increment(ref _count);
            if (_holds)
            {
                _held.TrySetResult();
                await _released.Task;
            }
            await context.Invoke();
        }
    }
}
