using System.Reflection;
using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Mailbox.Grains.Tests;

/// <summary>What the cluster's runtime does by default and this grid must not.</summary>
public sealed class SettingsTests
{
    public static TheoryData<string> Calls => new(
        typeof(IMailboxGrain).Assembly.GetTypes().Where(static type => type.IsInterface && type.IsAssignableTo(typeof(IAddressable)))
            .SelectMany(static type => type.GetMethods().Where(method => method.DeclaringType == type).Select(method => $"{type.Name}.{method.Name}")));

    [Theory]
    [MemberData(nameof(Calls))]
    public void Every_call_ends_soon_when_nobody_answers(string call)
    {
        var timeout = MethodOf(call).GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        Assert.InRange(timeout ?? TimeSpan.MaxValue, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public void A_push_to_a_gateway_that_is_gone_ends_within_three_seconds() =>
        Assert.Equal(TimeSpan.FromSeconds(3), MethodOf("IGatewayLink.Push").GetCustomAttribute<ResponseTimeoutAttribute>()!.Timeout);

    [Theory]
    [InlineData(typeof(MailboxGrain))]
    [InlineData(typeof(GroupGrain))]
    [InlineData(typeof(GridGrain))]
    [InlineData(typeof(MailboxHub))]
    public void Calls_of_a_grain_do_not_wait_for_each_other(Type grain) => Assert.NotNull(grain.GetCustomAttribute<ReentrantAttribute>());

    [Fact]
    public async Task A_silo_that_dies_is_found_out_in_seconds_and_waiting_calls_are_bounded()
    {
        await using var grid = await Grid.StartAsync();
        var membership = grid.Silo.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
        Assert.Equal((TimeSpan.FromSeconds(1), 3, 2), (membership.ProbeTimeout, membership.NumMissedProbesLimit, membership.NumVotesForDeathDeclaration));
        Assert.InRange(grid.Silo.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.MaxEnqueuedRequestsHardLimit, 1, 100_000);
    }

    [Fact]
    public async Task The_mailboxes_of_a_dead_silo_wait_for_no_lease_and_probes_keep_their_time()
    {
        await using var grid = await Grid.StartAsync();
        foreach (var silo in new[] { grid.Silo, grid.GatewaySilo })
        {
            // The store fences: a silo that is taken for dead and is not stores nothing more.
            Assert.Equal(TimeSpan.Zero, silo.GetRequiredService<IOptions<GrainDirectoryOptions>>().Value.RangeLeaseDuration);
            var membership = silo.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
            Assert.Equal((membership.ProbeTimeout, membership.ProbeTimeout), (membership.MinProbeTimeout, membership.MaxProbeTimeout));
        }
    }

    [Fact]
    public async Task A_silo_that_hangs_is_found_out_in_seconds_and_not_waited_for()
    {
        await using var grid = await Grid.StartAsync();
        // A third that probes for another has as much time as the other waits for it: of a hang it tells too late, again and again.
        Assert.False(grid.Silo.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value.EnableIndirectProbes);
        Assert.Equal(TimeSpan.FromSeconds(3), grid.Silo.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.SystemResponseTimeout);
    }

    [Fact]
    public async Task A_fault_of_the_store_is_told_to_another_process()
    {
        await using var grid = await Grid.StartAsync();
        var written = grid.Silo.GetRequiredService<Serializer>().SerializeToArray<Exception>(new StoreException("away"));
        var read = grid.GatewaySilo.GetRequiredService<Serializer>().Deserialize<Exception>(written);
        Assert.Equal("away", Assert.IsType<StoreException>(read).Message);
    }

    [Fact]
    public async Task A_gateway_has_no_mailboxes_of_its_own()
    {
        await using var grid = await Grid.StartAsync();
        Assert.Null(grid.GatewaySilo.GetService<MailboxEngine>());
        await grid.DeliverAsync("a", "1");
        Assert.NotNull(await grid.Engine.GetAsync(Grid.Name("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_call_that_waits_for_messages_does_not_hold_up_the_leaving_of_its_silo()
    {
        var grid = await Grid.StartAsync();
        // The gateway has then heard which grains the silo has.
        await grid.DeliverAsync("b", "1");
        var reading = grid.GatewaySilo.GetRequiredService<IGrainFactory>().GetGrain<IMailboxGrain>("a")
            .Read(new(new(), ReadRequest.MaxWait), CancellationToken.None);
        await Wait.UntilAsync(() => grid.Engine.GetAsync(Grid.Name("a")).AsTask().GetAwaiter().GetResult() is not null);
        var start = TimeProvider.System.GetTimestamp();
        await grid.DisposeAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, ReadRequest.MaxWait);
        await reading.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    static MethodInfo MethodOf(string call)
    {
        var parts = call.Split('.');
        return typeof(IMailboxGrain).Assembly.GetTypes().Single(type => type.Name == parts[0]).GetMethod(parts[1])!;
    }
}
