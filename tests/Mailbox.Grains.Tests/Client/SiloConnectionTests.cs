using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Mailbox.Grains.Tests;

/// <summary>Calls of a client that has lost its silos wait, and do not storm.</summary>
public sealed class SiloConnectionTests : IDisposable
{
    static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(15);

    readonly FakeTimeProvider _time = new();
    readonly SiloConnection _connection;
    int _attempts;

    public SiloConnectionTests() => _connection = new(Grains, _time, NullLogger<SiloConnection>.Instance);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _connection.Dispose();

    [Fact]
    public async Task A_call_passes_where_nothing_was_heard_of_connections() => Assert.True(await _connection.PassAsync(s_deadline, Cancel));

    [Fact]
    public async Task Calls_wait_until_a_silo_is_connected_while_one_at_a_time_tries()
    {
        Change(0);
        var calls = Enumerable.Range(0, 100).Select(_ => _connection.PassAsync(s_deadline, Cancel).AsTask()).ToArray();
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await Wait.UntilAsync(() => Volatile.Read(ref _attempts) > 0);
        Assert.Equal(1, Volatile.Read(ref _attempts));
        Assert.DoesNotContain(calls, static call => call.IsCompleted);

        Change(1);
        Assert.All(await Task.WhenAll(calls), Assert.True);
        Assert.True(await _connection.PassAsync(s_deadline, Cancel));
    }

    [Fact]
    public async Task A_call_waits_no_longer_than_it_can()
    {
        Change(0);
        var call = _connection.PassAsync(s_deadline, Cancel).AsTask();
        _time.Advance(s_deadline);
        Assert.False(await call);
        Assert.False(await _connection.PassAsync(TimeSpan.Zero, Cancel));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_stops_waiting()
    {
        using var cancel = new CancellationTokenSource();
        Change(0);
        var call = _connection.PassAsync(s_deadline, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    void Change(int count) => _connection.NotifyGatewayCountChanged(count, 1 - count, connectionRecovered: count > 0);

    IGrainFactory Grains()
    {
        Interlocked.Increment(ref _attempts);
        throw new InvalidOperationException("No silo is there.");
    }
}
