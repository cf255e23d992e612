using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Mailbox.Grains.Tests;

/// <summary>A gateway's end of a session: what is sent in a lane arrives once and in order, or the session ends.</summary>
public sealed class SiloSessionTests
{
    readonly SlowHub _hub = new();
    readonly FakeTimeProvider _time = new();
    readonly List<Exception?> _ends = [];
    readonly SiloSession _session;

    public SiloSessionTests() => _session = new(SiloAddress.Zero, _hub, "gateway", null!, 1, _time, (_, cause) => _ends.Add(cause));

    [Fact]
    public async Task What_comes_while_a_batch_is_in_flight_goes_with_the_next_in_order()
    {
        Send(1);
        var first = await NextAsync();
        Send(2);
        Send(3);
        first.Answer(true);
        var second = await NextAsync();

        Assert.Equal((1, 2), (first.Batch.Number, second.Batch.Number));
        Assert.Equal([2, 3], second.Batch.Requests.Select(static request => request.Id));
    }

    [Fact]
    public async Task A_lane_does_not_wait_for_the_other()
    {
        Send(1, SessionLane.Bodies);
        await NextAsync();
        Send(2, SessionLane.Control);
        var control = await NextAsync();
        Assert.Equal((SessionLane.Control, 1), (control.Batch.Lane, control.Batch.Number));
    }

    [Fact]
    public async Task A_batch_has_a_MiB_of_bodies_at_most_but_always_one()
    {
        Send(1);
        var first = await NextAsync();
        Send(2, weight: 5 << 20);
        Send(3, weight: 600 << 10);
        Send(4, weight: 400 << 10);
        Send(5, weight: 100 << 10);
        var sizes = new List<int>();
        for (var call = first; sizes.Sum() < 5;)
        {
            sizes.Add(call.Batch.Requests.Length);
            call.Answer(true);
            if (sizes.Sum() < 5) call = await NextAsync();
        }
        Assert.Equal([1, 1, 2, 1], sizes);
    }

    [Fact]
    public async Task A_report_arrives_before_the_requests_made_after_it()
    {
        Send(1, SessionLane.Control);
        var first = await NextAsync();
        for (var i = 0; i < 5000; i++) _session.Report(new(new(i, 1), default, IsClosed: true));
        Send(2, SessionLane.Control);
        first.Answer(true);
        var second = await NextAsync();
        second.Answer(true);
        var third = await NextAsync();
        Assert.Empty(second.Batch.Requests);
        Assert.Equal(5000, second.Batch.Reports.Length + third.Batch.Reports.Length);
        Assert.Equal(2, Assert.Single(third.Batch.Requests).Id);
    }

    [Fact]
    public async Task A_batch_whose_call_failed_is_sent_again_with_its_number_and_before_anything_newer()
    {
        Send(1);
        var first = await NextAsync();
        Send(2);
        first.Fail();
        var again = await NextAsync();
        Assert.Equal((1, 1), (again.Batch.Number, Assert.Single(again.Batch.Requests).Id));
        again.Answer(true);
        Assert.Equal(2, Assert.Single((await NextAsync()).Batch.Requests).Id);
        Assert.Empty(_ends);
    }

    [Fact]
    public async Task A_session_that_the_silo_does_not_know_ends_and_sends_nothing_more()
    {
        Send(1);
        (await NextAsync()).Answer(false);
        await Wait.UntilAsync(() => _session.IsEnded);
        Send(2);
        Assert.NotNull(Assert.Single(_ends));
        Assert.Equal(0, _hub.Waiting);
    }

    [Fact]
    public async Task A_silo_that_takes_nothing_for_ten_seconds_ends_the_session()
    {
        Send(1);
        var call = await _hub.NextAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        call.Fail();
        await Wait.UntilAsync(() => _session.IsEnded);
    }

    [Fact]
    public async Task A_beat_is_an_empty_batch_with_the_number_of_the_last()
    {
        Send(1, SessionLane.Control);
        (await NextAsync()).Answer(true);
        await Wait.UntilAsync(() => _session.IsQuiet);
        _session.Beat();
        var beat = await NextAsync();
        Assert.Equal((1, 0, 0), (beat.Batch.Number, beat.Batch.Requests.Length, beat.Batch.Reports.Length));
    }

    void Send(long id, SessionLane lane = SessionLane.Bodies, int weight = 0) => _session.Send(lane, new(id, 0, 0, "body"), weight);

    /// <summary>The next call, which comes after a pause.</summary>
    async Task<SlowHub.Call> NextAsync()
    {
        var next = _hub.NextAsync();
        await Wait.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(5));
            return next.IsCompleted;
        });
        return await next;
    }

    /// <summary>The hub of a silo that answers when a test says so.</summary>
    sealed class SlowHub : IMailboxHub
    {
        readonly Channel<Call> _calls = Channel.CreateUnbounded<Call>();

        public int Waiting => _calls.Reader.Count;

        public async Task<Call> NextAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            return await _calls.Reader.ReadAsync(patience.Token);
        }

        public Task<bool> Take(SessionBatch batch)
        {
            var call = new Call(batch);
            _calls.Writer.TryWrite(call);
            return call.Task;
        }

        public Task<OwnedPartitions> Owned() => throw new NotSupportedException();

        public Task<PassedParts> Apply(PassedParts operations) => throw new NotSupportedException();

        public Task<NamesPart> GroupPart(GroupName group, string? after, int limit) => throw new NotSupportedException();

        public Task<NamesPart> List(string? after, int limit) => throw new NotSupportedException();

        public sealed class Call(SessionBatch batch)
        {
            readonly TaskCompletionSource<bool> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public SessionBatch Batch => batch;

            public Task<bool> Task => _answer.Task;

            public void Answer(bool isKnown) => _answer.SetResult(isKnown);

            public void Fail() => _answer.SetException(new TimeoutException());
        }
    }
}
